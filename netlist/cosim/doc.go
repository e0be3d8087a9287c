// Package cosim runs a block of the machine beside its second implementation, clock by
// clock. The gates of a block (package gate) come from Verilog that was written from the
// block's page in docs/blocks alone. Both are driven by the same inputs, taken from the
// machine at the block's boundary (npu.Boundary); after every clock all registers, and
// the effects of all outputs on the rest of the machine, must be equal.
//
// A group of 256 machines shares a simulator, a machine for each of its patterns. A lane is
// such a machine. In a clock every lane steps up to the block; the gates are evaluated for all
// lanes at once; then each lane's block is evaluated and compared.
//
// A flip inverts one register bit in the gates and in a copy of the block's registers of
// the lane. From then on the copy and the gates are driven by what the undisturbed
// machine delivers, until the copy holds the undisturbed registers again or a limit of clocks is
// reached; they must be equal all the time.
package cosim
