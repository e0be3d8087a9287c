// Package executorch reads ExecuTorch programs (.pte) as far as a delegate for the
// Ethos-U needs it: the values and calls of the first execution plan, and the blobs of
// the delegates. Field numbers are those of ExecuTorch's schema (program.fbs, commit
// cff6f4dd of August 2026).
package executorch
