// Package gate holds netlists of two-input gates and flip-flops and simulates
// them, 256 patterns in a pass.
//
// A netlist comes from yosys (FromYosys), is kept in a compact file (Write,
// Read) and has an identity (Digest). A Simulator evaluates its combinational
// logic (Evaluate), clocks its flops (Clock), forces and inverts nets in chosen
// patterns (Force, Invert) and follows a change through its cone only
// (EvaluateFrom).
//
// # Nets
//
// Nets are numbered. Net 0 is the constant 0, net 1 the constant 1. Then come
// the bits of the input ports, port by port, the least significant bit first;
// then the outputs of the flops in their order; then the outputs of the gates in
// their order. A gate reads only nets with numbers below its own, so a netlist
// cannot hold a loop, a net without a driver or one with two.
//
// # File format
//
// A file is one gzip member. Numbers in it are unsigned varints of
// encoding/binary; a text is its length and its bytes.
//
//	magic     8 bytes "upsetgl1"
//	module    text: name of the module
//	inputs    number of input ports; for each: text name, number of bits
//	outputs   number of output ports; for each: text name, number of bits
//	registers number of registers; for each: text path, element + 1
//	          (0: the register is not an element of an array), number of bits.
//	          The flops are the bits of the registers in this order, bit 0 first.
//	gates     number of gates
//	kinds     one byte for each gate (Kind)
//	operands  all first operands in the order of the gates, then all second
//	          ones of those gates that have two, then the selects of the multiplexers
//	roots     the nets of the output bits, then the D nets of the flops,
//	          as operands of a gate behind the last one
//
// An operand of a gate with net number N is the net M < N. It is written
// as 2·M+1 where M is a constant, an input or a flop, and as 2·(N−1−M) where M is
// a gate. Gates stand close to what reads them, so most operands take a byte.
package gate
