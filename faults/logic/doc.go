// Package logic measures what permanent faults of combinational logic do: outputs of gates
// that are stuck at 0 or 1, in machines in which the gates of a block stand in for it
// (package netlist/cosim, Loop), over whole inferences.
//
// A fault is the output of one gate, stuck; what reads the output, another gate or the input of a flop,
// reads the wrong value. Faults of single branches behind an output are not on the list.
// Flops and inputs of the block are not on it either: stuck flops are measured on the
// machine itself (faults.Flaw).
//
// Gates from which nothing leads to an output or a flop are left out and counted apart:
// their function is done elsewhere in the machine, so that a run in the loop can say nothing
// about them.
package logic
