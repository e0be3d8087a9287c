// Package mechanism holds protection as components of the machine: hardened
// cells, parity, duplication with comparison, triplication with voters, and the
// code of the shared buffer. A mechanism is described by a [Design], has storage
// of its own, whose bits are numbered on from the end of the machine's site
// table, and runs beside the machine clock by clock (see [Guard]).
//
// The mechanisms know no fault. They see stored bits and clock edges, and what
// they detect or correct follows from that. The one exception is the hardened
// cell: whether an upset flips it is a property of the cell, given as a
// probability.
package mechanism
