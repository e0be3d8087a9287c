// Package decision injects faults into the networks of a selection task and judges
// them by the decision of the task's rule, not by the output of an inference.
//
// A transient fault strikes one inference of the pool: only that one is simulated
// again, its row of scores is replaced, and the rule decides anew. A persistent fault
// is a flipped bit of the weights, scales or commands in memory, which all inferences
// read until they are loaded again.
package decision
