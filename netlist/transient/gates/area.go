package gates

import "upset/netlist/gate"

// areas are those of the kinds of gates in gate equivalents: cells INVX1, AND2X2, OR2X2, XOR2X1,
// XNOR2X1, NAND2X1, NOR2X1 and MUX2X1 of the open library OSU 0.18 µm, divided by NAND2X1's. It
// has no AND or OR with an inverted operand; they count as AND and OR (our choice).
var areas = [gate.Kinds]float64{
	gate.Not: 16. / 24, gate.And: 32. / 24, gate.Or: 32. / 24, gate.Xor: 56. / 24, gate.Xnor: 56. / 24,
	gate.Nand: 1, gate.Nor: 1, gate.AndNot: 32. / 24, gate.OrNot: 32. / 24, gate.Mux: 48. / 24,
}
