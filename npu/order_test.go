package npu_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"upset/npu"
)

// graph holds for each block the set of those that stand before it, a bit for each.
type graph []uint32

// blockOf is the place of a block in the list.
func blockOf(t testing.TB, name string) int {
	t.Helper()
	for i, b := range npu.Order {
		if b.Name == name {
			return i
		}
	}
	t.Fatalf("there is no block %q", name)
	return -1
}

// linked returns the pairs of blocks that share a register: those whose order shows in
// runs without faults, or all.
func linked(t testing.TB, faults bool) graph {
	g := make(graph, len(npu.Order))
	for i, b := range npu.Order {
		for _, h := range b.After {
			if faults || !h.Fault {
				g[i] |= 1 << blockOf(t, h.With)
			}
		}
	}
	return g
}

// closed adds the pairs that follow from others. The pairs of g lead from earlier to
// later blocks of the list.
func (g graph) closed() graph {
	c := slices.Clone(g)
	for i := range c {
		for j := range i {
			if c[i]>>j&1 != 0 {
				c[i] |= c[j]
			}
		}
	}
	return c
}

// implied reports whether the pair follows from other pairs of g.
func (g graph) implied(before, after int) bool {
	c := g.closed()
	for k := before + 1; k < after; k++ {
		if c[k]>>before&1 != 0 && g[after]>>k&1 != 0 {
			return true
		}
	}
	return false
}

// draw returns a random order that keeps the pairs of g, or nil if there is none.
func (g graph) draw(r *rand.Rand) []int {
	var list []int
	for done := uint32(0); len(list) < len(g); {
		var free []int
		for i := range g {
			if done>>i&1 == 0 && g[i]&^done == 0 {
				free = append(free, i)
			}
		}
		if len(free) == 0 {
			return nil
		}
		k := free[r.IntN(len(free))]
		list, done = append(list, k), done|1<<k
	}
	return list
}

// each calls f for every order that keeps the pairs of g.
func (g graph) each(f func(order []int)) {
	var list []int
	var extend func(done uint32)
	extend = func(done uint32) {
		if len(list) == len(g) {
			f(list)
		}
		for i := range g {
			if done>>i&1 == 0 && g[i]&^done == 0 {
				list = append(list, i)
				extend(done | 1<<i)
				list = list[:len(list)-1]
			}
		}
	}
	extend(0)
}

// turned returns g with the pair turned round: after stands before before.
func (g graph) turned(before, after int) graph {
	h := slices.Clone(g)
	h[after] &^= 1 << before
	h[before] |= 1 << after
	return h
}

// names writes an order.
func names(order []int) string {
	var list []string
	for _, b := range order {
		list = append(list, npu.Order[b].Name)
	}
	return strings.Join(list, ", ")
}

// calls lists the methods that a method of a file calls, in their order.
func calls(t *testing.T, name, method string) (list []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != method {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				if s, ok := c.Fun.(*ast.SelectorExpr); ok {
					list = append(list, s.Sel.Name)
				}
			}
			return true
		})
	}
	return list
}

// TestStepKeepsTheOrder reads Step, and what Run does in its place, and compares the blocks
// that they call with the list. Each block of the list stands after those that it names, and
// the registers exist.
func TestStepKeepsTheOrder(t *testing.T) {
	list := []string{"begin"}
	for i, b := range npu.Order {
		name := runtime.FuncForPC(reflect.ValueOf(b.Step).Pointer()).Name()
		list = append(list, name[strings.LastIndex(name, ".")+1:])
		for _, h := range b.After {
			if blockOf(t, h.With) >= i {
				t.Errorf("%s names %s, which is not before it", b.Name, h.With)
			}
			if len(registers(new(npu.Machine), h.Register)) == 0 {
				t.Errorf("%s after %s: there is no register %s", b.Name, h.With, h.Register)
			}
			if h.Why == "" {
				t.Errorf("%s after %s at %s: no reason", b.Name, h.With, h.Register)
			}
		}
	}
	list = append(list, "stopped", "Clocked")
	for method, file := range map[string]string{"Step": "machine.go", "advance": "rest.go"} {
		if got := calls(t, file, method); !slices.Equal(got, list) {
			t.Errorf("%s calls\n%s\nthe list has\n%s", method, got, list)
		}
	}
}
