// Package decision injects faults into the networks of a selection task and judges
// them by the decision of the task's rule, not by the output of an inference.
//
// A transient fault strikes one of the inferences that the fault-free decision takes,
// by the time that each takes; what no decision asks for is not executed and cannot be
// struck. That inference is simulated again, and the rule decides anew with its answer:
// inferences that it then asks for besides are simulated too. A persistent fault is a
// flipped bit of the weights, scales or commands in memory, which all inferences read
// until they are loaded again. An upset of state is a flipped bit of what a network
// keeps in the arena between two inferences, until it is written again.
package decision
