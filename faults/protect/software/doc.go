// Package software finds what a board's owner can do against upsets of an NPU that is as
// it is: run every inference twice and compare, at the same or at other addresses, reset
// the NPU before every run, run a known input now and then, and run once more what the
// NPU itself has stopped.
//
// Each combination of such measures is simulated as a program of its own over a sequence
// of inferences, with a campaign of its own: what the first run leaves behind may make the
// second one equally wrong, which no record of the unprotected machine shows. The cheapest
// in time whose residual leaves room is proven by a fresh campaign on inputs that the
// search never saw. Proofs share their error as those of mechanisms do, see package
// protect.
package software
