// Package selection runs published selection algorithms on the simulated NPU.
//
// A Scorer is an int8 network with a pool of input rows. The NPU turns every
// row into a score, and a Rule, plain Go without randomness, turns the scores
// into an Outcome: labels, a set, a route, an exit depth, accepted items or
// weights. The fault-free NPU run is the golden one; the float network is not,
// since quantisation is no fault.
//
// A transient fault touches one inference, so its effect is found by replacing
// one row of the golden scores and asking the rule again. A persistent fault
// replaces all rows. Nothing here knows how faults arise.
package selection
