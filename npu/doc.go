// Package npu is the cycle-level machine: a reference microarchitecture of the
// Ethos-U55 in which every flop and every SRAM bit is a field of a block's
// State and Step advances one clock.
//
// Each hardware block has a file of its own: the command controller (cc.go), the
// traversal counters (trav.go), the DMA channels (dma*.go) and AXI ports (axi.go), the memories behind them (bus.go, system.go),
// the weight decoder (wd*.go), the MAC array (mac.go), the output stage (ao*.go)
// and the shared buffer (shram.go). Order.go lists them as a clock evaluates them, with
// the hand-shakes that fix the order. State is one flat value without pointers:
// copying it is a checkpoint, comparing it is a convergence test, and a soft
// error is a write to it between two steps. The package knows nothing of faults.
//
// # Field tags
//
// Every leaf field of State carries a tag `npu:"WIDTH,CLASS[,n=DIM]"`: its width
// in bits, its class (data, local, global, config, sram), and for arrays whose
// length depends on the configuration the name of that length (see Dims). Bits
// above the width are always zero. Class obs marks registers that only observe
// (the PMU): they are flops, but nothing in the machine depends on them. The
// tag "model" marks bookkeeping that is not hardware of the NPU.
package npu
