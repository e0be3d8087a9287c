// Package selection runs published selection algorithms on the simulated NPU.
//
// A Scorer is a network with a pool of input rows. A Rule, plain Go without
// randomness, asks for inferences through an Ask and turns the answers into an
// Outcome: labels, a set, a route, an exit depth, accepted items or weights. What it
// does not ask for is not executed. It may ask for whole pools at once, for single
// rows as it goes (cascades, routes), or for inputs that it makes from earlier answers
// (rounds, recurrences, bandits). State lies on the host, in its variables, or in the
// arena, where a network reads what the inference before wrote; see [Ask.Step].
//
// The fault-free run on the int8 or int16 networks is the golden one; the float network
// is not, since quantisation is no fault. A [Run] keeps what it asked for. A transient
// fault touches one of those inferences: its answer is replaced and the rule decides
// anew, so that what it asks for afterwards may differ, and is then simulated
// ([Run.Struck]). A persistent fault answers instead of the source ([Run.With]), and an
// upset of state in the arena stays until the state is written again ([Run.Upset]).
// Baselines, with which checks compare, are not executed by a decision and never struck.
// Nothing here knows how faults arise.
package selection
