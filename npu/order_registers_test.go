package npu_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"upset/netlist"
	"upset/npu"
)

// leaf is one element of a register with its width in bits.
type leaf struct {
	v     reflect.Value
	width int
}

// registers lists the elements of the state that a path names: all of an array, all
// fields of a struct. Events are the tallies.
func registers(m *npu.Machine, path string) []leaf {
	if path == "Events" {
		return leaves(reflect.ValueOf(&m.Events).Elem(), 64, nil)
	}
	return follow(reflect.ValueOf(&m.S).Elem(), strings.Split(path, "."), 0)
}

func follow(v reflect.Value, path []string, width int) (list []leaf) {
	if len(path) == 0 {
		return leaves(v, width, nil)
	}
	if v.Kind() == reflect.Array {
		for i := range v.Len() {
			list = append(list, follow(v.Index(i), path, width)...)
		}
		return list
	}
	if v.Kind() != reflect.Struct {
		return nil
	}
	f, ok := v.Type().FieldByName(path[0])
	if !ok {
		return nil
	}
	return follow(v.FieldByIndex(f.Index), path[1:], widthOf(f))
}

func leaves(v reflect.Value, width int, list []leaf) []leaf {
	switch v.Kind() {
	case reflect.Array:
		for i := range v.Len() {
			list = leaves(v.Index(i), width, list)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			list = leaves(v.Field(i), widthOf(v.Type().Field(i)), list)
		}
	default:
		list = append(list, leaf{v, width})
	}
	return list
}

// widthOf reads the width in the tag of a field, or zero.
func widthOf(f reflect.StructField) int {
	n, _, _ := strings.Cut(f.Tag.Get("npu"), ",")
	w, err := strconv.Atoi(n)
	if err != nil {
		return 0
	}
	return w
}

// writes reports whether a block changes a register in state s.
func writes(m *npu.Machine, s *npu.State, block int, path string) bool {
	m.Load(s)
	m.Events = [npu.NumEvents]uint64{}
	m.Evaluate(block)
	switch path {
	case "Events":
		return m.Events != [npu.NumEvents]uint64{}
	case "RAM.Mem":
		return m.S.RAM.Mem != s.RAM.Mem
	}
	was := npu.Machine{S: *s}
	before := registers(&was, path)
	for i, l := range registers(m, path) {
		if l.v.Uint() != before[i].v.Uint() {
			return true
		}
	}
	return false
}

// reads reports whether what a block does in state s depends on a bit of a register: the
// rest of the machine differs when the bit has the other value.
func reads(m *npu.Machine, s *npu.State, block int, path string, r *rand.Rand, in []int) bool {
	m.Load(s)
	bit := leaf{reflect.ValueOf(&m.S.RAM.Mem[oneOf(r, in...)%m.Spec.SHRAMBytes()]).Elem(), 8}
	if path != "RAM.Mem" {
		list := registers(m, path)
		bit = list[r.IntN(len(list))]
	}
	mask := uint64(1) << r.IntN(bit.width)
	run := func(flip uint64) (npu.State, [npu.NumEvents]uint64) {
		m.Load(s)
		m.Events = [npu.NumEvents]uint64{}
		bit.v.SetUint(bit.v.Uint() ^ flip)
		m.Touched()
		m.Evaluate(block)
		if path == "Events" {
			m.Events = [npu.NumEvents]uint64{}
		}
		bit.v.SetUint(0)
		return m.S, m.Events
	}
	plain, counted := run(0)
	other, others := run(mask)
	return plain != other || counted != others
}

// TestHandshakesAreReal observes every hand-shake of the list: the block that is said to
// write the register does so in some state, and what the other does depends on it.
func TestHandshakesAreReal(t *testing.T) {
	const apart, few = 96, 30 // cycles between states; what is looked for in every cycle
	type open struct {
		block  int
		path   string
		writes bool
	}
	var list []open
	add := func(o open) {
		if !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	for i, b := range npu.Order {
		for _, h := range b.After {
			j := blockOf(t, h.With)
			add(open{j, h.Register, h.Link != npu.Registered})
			add(open{i, h.Register, h.Link != npu.Through})
		}
	}
	total := len(list)
	r := rand.New(rand.NewPCG(6, 31))
	for _, o := range orderRuns(t)[2:] { // the layers in front have little that the others lack
		tab := netlist.New(o.p.Config, o.ecc)
		n := transplant(o.start(t))
		look := func(s npu.State, in []int) {
			n.Load(&s)
			n.Begin()
			for i := range npu.Order {
				if !slices.ContainsFunc(list, func(x open) bool { return x.block == i }) {
					n.Evaluate(i)
					continue
				}
				s = n.S
				list = slices.DeleteFunc(list, func(x open) bool {
					switch {
					case x.block != i:
						return false
					case x.writes:
						return writes(n, &s, i, x.path)
					}
					return reads(n, &s, i, x.path, r, in)
				})
				n.Load(&s)
				n.Evaluate(i)
			}
		}
		for m := o.start(t); m.Cycle() < orderCycles && m.S.CC.Run != 0 && len(list) > 0; m.Step() {
			if len(list) > few && m.Cycle()%apart != 0 {
				continue
			}
			in := []int{0}
			if m.Cycle()%apart == 0 {
				in = inUse(m)
				for range 3 {
					look(damaged(t, m, tab, r, in).S, in)
				}
				for p := range m.S.DMA.AXI { // an error response, which few upsets give
					if m.S.DMA.AXI[p].RCount > 0 {
						s := m.S
						s.DMA.AXI[p].RResp[0] = 1
						look(s, []int{0})
					}
				}
			}
			look(m.S, in)
		}
	}
	t.Logf("%d of %d were observed", total-len(list), total)
	for _, x := range list {
		what := "does not depend on"
		if x.writes {
			what = "does not write"
		}
		t.Errorf("%s %s %s", npu.Order[x.block].Name, what, x.path)
	}
}
