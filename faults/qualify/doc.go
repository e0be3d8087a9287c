// Package qualify collects what speaks for and against trust in the tool: what it is used
// for, how it could go wrong, which check would notice, what is known to be wrong, and the
// checks themselves, run on the networks that the tool ships. It serves the evaluation of
// tool confidence that ISO 26262-8, clause 11, asks of the user; it qualifies nothing.
package qualify
