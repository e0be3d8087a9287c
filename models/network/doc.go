// Package network brings networks to the machine. Open reads a file, lets the NPU's part
// be compiled where it is a source model, and gives stages over shared tensors: programs of
// the NPU, laid out in the memory map, and operators that the host computes. Whole joins
// them to one program of jobs, which a machine runs from its inputs to its outputs.
package network
