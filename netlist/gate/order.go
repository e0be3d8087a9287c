package gate

import "fmt"

// draft is a netlist before its gates have an order: operands are numbers of
// nets of the source.
type draft struct {
	kind []Kind
	ops  [][3]int32 // index of the driver: see below
	name []string   // of the gate, for errors
}

// Drivers of a draft: 0 and up are gates of the draft, below are sources: -1-M
// is the net M of the finished netlist (constant, input or flop).

// order puts the gates of the draft into an order in which each one stands behind its
// operands and close to what reads it: depth first from the roots. It returns the
// gates with the numbers of their nets and the position of every gate of the draft.
// A loop gives an error that names its gates.
func (d *draft) order(first int, roots []int32) ([]Gate, []int32, error) {
	const open = -2
	position := make([]int32, len(d.kind))
	for i := range position {
		position[i] = -1
	}
	gates := make([]Gate, 0, len(d.kind))
	type frame struct {
		gate int32
		next int
	}
	var stack []frame
	net := func(driver int32) NetID {
		if driver < 0 {
			return NetID(-1 - driver)
		}
		return NetID(first) + NetID(position[driver])
	}
	visit := func(root int32) error {
		if root < 0 || position[root] >= 0 {
			return nil
		}
		stack = append(stack[:0], frame{gate: root})
		position[root] = open
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			k, ops := d.kind[f.gate], &d.ops[f.gate]
			if f.next < k.Operands() {
				o := ops[f.next]
				f.next++
				if o < 0 || position[o] >= 0 {
					continue
				}
				if position[o] == open {
					return fmt.Errorf("combinational loop through %s", d.loop(o, func(i int) int32 { return stack[i].gate }, len(stack)))
				}
				position[o] = open
				stack = append(stack, frame{gate: o})
				continue
			}
			g := Gate{Kind: k, A: net(ops[0])}
			if k.Operands() > 1 {
				g.B = net(ops[1])
			}
			if k == Mux {
				g.S = net(ops[2])
			}
			if k.symmetric() && g.A < g.B {
				g.A, g.B = g.B, g.A
			}
			position[f.gate] = int32(len(gates))
			gates = append(gates, g)
			stack = stack[:len(stack)-1]
		}
		return nil
	}
	for _, r := range roots {
		if err := visit(r); err != nil {
			return nil, nil, err
		}
	}
	for g := range d.kind { // gates that nothing reads
		if err := visit(int32(g)); err != nil {
			return nil, nil, err
		}
	}
	return gates, position, nil
}

// loop names at most four gates of the loop that closes at gate.
func (d *draft) loop(gate int32, stack func(int) int32, n int) string {
	text, k := d.name[gate], 1
	for i := n - 1; i >= 0 && stack(i) != gate; i-- {
		if k == 4 {
			return text + " and more"
		}
		text += ", " + d.name[stack(i)]
		k++
	}
	return text
}
