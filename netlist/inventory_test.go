package netlist

import (
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// A bank holds at least what the public SET registers need: 1,491 bits with the
// opcode, four banks.
func TestConfigurationBanks(t *testing.T) {
	for _, c := range isa.Configs {
		bits := 0
		for _, r := range New(c, npu.ECCNone).Registers {
			switch {
			case strings.HasPrefix(r.Name, "cc.bank"), r.Name == "cc.opcode", r.Name == "cc.opparam", r.Name == "cc.ifmw", r.Name == "cc.ifmh":
				bits += r.Bits()
			}
		}
		if bits < 5964 {
			t.Errorf("%s: the configuration banks have %d bits, want at least 5964", c, bits)
		}
		if banks := 4 * bankBits(); bits <= banks {
			t.Errorf("%s: nothing is banked beside the %d bits of the SET registers", c, banks)
		}
	}
}

func TestBlockSizes(t *testing.T) {
	limits := [4][2]int{{15000, 30000}, {20000, 45000}, {25000, 60000}, {30000, 90000}}
	sram := [4]int{131072, 131072, 196608, 393216}
	for i, c := range isa.Configs {
		flops, ram, perMAC := 0, 0, 0
		for _, r := range New(c, npu.ECCNone).Registers {
			if r.IsSRAM() {
				ram += r.Bits()
				continue
			}
			flops += r.Bits()
			switch r.Name {
			case "mac.raw", "mac.wraw", "mac.ifm", "mac.weight", "mac.prod":
				perMAC += r.Bits()
			}
		}
		if flops < limits[i][0] || flops > limits[i][1] {
			t.Errorf("%s: %d flops, want %d to %d", c, flops, limits[i][0], limits[i][1])
		}
		if ram != sram[i] {
			t.Errorf("%s: %d SRAM bits, want %d", c, ram, sram[i])
		}
		if macs := c.Spec().MACs; perMAC < 24*macs {
			t.Errorf("%s: operand, weight and product registers have %d bits, want at least %d", c, perMAC, 24*macs)
		}
	}
}

// leaf is a field of the state as the declaration has it.
type leaf struct {
	name  string
	tag   string
	value reflect.Value
}

// leaves walks a state. A field with a tag, or a field that is no struct, is a
// leaf.
func leaves(v reflect.Value, name string, tag string, f func(leaf)) {
	switch {
	case tag != "":
		f(leaf{name, tag, v})
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			sf := v.Type().Field(i)
			leaves(v.Field(i), name+"."+sf.Name, sf.Tag.Get("npu"), f)
		}
	case v.Kind() == reflect.Array:
		for i := range v.Len() {
			leaves(v.Index(i), name+"["+strconv.Itoa(i)+"]", "", f)
		}
	default:
		f(leaf{name, "", v})
	}
}

// elements calls f for every unsigned integer of a leaf.
func elements(v reflect.Value, f func(i int, v uint64)) {
	n := 0
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		if v.Kind() == reflect.Array {
			for i := range v.Len() {
				walk(v.Index(i))
			}
			return
		}
		f(n, v.Uint())
		n++
	}
	walk(v)
}

// TestEveryFieldIsASite compares the declaration of the state with the table: a
// leaf is either bookkeeping, tagged as such, or all of its bits are sites.
func TestEveryFieldIsASite(t *testing.T) {
	var s npu.State
	for _, c := range isa.Configs {
		for _, ecc := range []npu.ECC{npu.ECCNone, npu.ECCSECDED} {
			tab := New(c, ecc)
			dims := npu.New(c, npu.DefaultSystem(), ecc, &isa.Memory{}).Dims()
			want := 0
			leaves(reflect.ValueOf(&s).Elem(), "State", "", func(l leaf) {
				if l.tag == "model" {
					return
				}
				if strings.HasPrefix(l.tag, "registers") {
					want += 4 * bankBits()
					return
				}
				parts := strings.Split(l.tag, ",")
				width, err := strconv.Atoi(parts[0])
				if err != nil {
					t.Fatalf("%s is neither a site nor tagged as bookkeeping", l.name)
				}
				kind, n, rows := l.value.Type(), 1, 1
				for kind.Kind() == reflect.Array {
					rows, n = rows*n, kind.Len()
					kind = kind.Elem()
				}
				if len(parts) > 2 {
					n = dims[strings.TrimPrefix(parts[2], "n=")]
				}
				if kind.Bits() < width {
					t.Errorf("%s: %d bits do not fit %s", l.name, width, kind)
				}
				want += rows * n * width
			})
			if tab.Bits() != want {
				t.Errorf("%s: the table has %d bits, the declaration %d", c, tab.Bits(), want)
			}
			seen := map[string]bool{}
			for _, r := range tab.Registers {
				if seen[r.Name] || r.Bits() == 0 {
					t.Errorf("%s: register %s is empty or listed twice", c, r.Name)
				}
				seen[r.Name] = true
			}
		}
	}
}

func start(t *testing.T, c isa.Config, ecc npu.ECC, name string) *npu.Machine {
	t.Helper()
	root := filepath.Join("..", "..", "shared")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the data folder ../shared is absent")
	}
	data, err := os.ReadFile(filepath.Join(root, "vela", "ethos-"+c.String(), name+"_vela.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	input, err := os.ReadFile(filepath.Join(root, "golden", name, "in_01.bin"))
	if err != nil {
		t.Fatal(err)
	}
	p, mem := n.Program(), new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		t.Fatal(err)
	}
	m := npu.New(c, npu.DefaultSystem(), ecc, mem)
	p.Start(m)
	return m
}

// TestBitsAboveTheWidthAreZero looks at running machines: no field may use bits
// above its declared width, nor elements that the configuration does not have.
func TestBitsAboveTheWidthAreZero(t *testing.T) {
	names := []string{"hello_world_int8", "kws_ref_model", "ops/conv_3x3_int16", "ops/sqdiff", "ops/maxpool_3x3_int16", "ops/mean_hw", "ops/softmax_int8", "ops/tanh_int16_gen"}
	for _, c := range isa.Configs {
		tab := New(c, npu.ECCNone)
		byName := map[string]*Register{}
		for i := range tab.Registers {
			byName[tab.Registers[i].Name] = &tab.Registers[i]
		}
		for _, name := range names {
			m := start(t, c, npu.ECCNone, name)
			const every = 97
			for m.S.CC.Run != 0 && !t.Failed() {
				for range every {
					m.Step()
				}
				checkWidths(t, m, tab)
				if name == "kws_ref_model" {
					m.Run(m.Cycle() + 1000)
				}
			}
			if m.Status() != npu.Done {
				t.Errorf("%s %s: %v", c, name, m.Status())
			}
		}
	}
}

// checkWidths checks every element of every field, also those beyond the number
// that the configuration has.
func checkWidths(t *testing.T, m *npu.Machine, tab *Table) {
	t.Helper()
	for i := range tab.Registers {
		r := &tab.Registers[i]
		if r.ram != notRAM {
			continue
		}
		v := reflect.ValueOf(&m.S).Elem()
		for _, k := range r.path {
			if k < 0 {
				v = v.Index(-1 - k)
			} else {
				v = v.Field(k)
			}
		}
		outer := v.Kind() == reflect.Array && v.Type().Elem().Kind() == reflect.Array
		elements(v, func(e int, x uint64) {
			mask := ^uint64(0) >> (64 - r.Width)
			switch {
			case r.masks != nil:
				mask = uint64(r.masks[e])
			case outer && e%v.Type().Elem().Len() >= r.inner, !outer && e >= r.Count:
				mask = 0
			}
			if x&^mask != 0 {
				t.Errorf("%s cycle %d: %s element %d holds %#x, its bits are %#x", m.Config, m.Cycle(), r.Name, e, x, mask)
			}
		})
	}
}

// TestNames sends random sites through their names and back.
func TestNames(t *testing.T) {
	for i, c := range isa.Configs {
		tab := New(c, npu.ECC(i%3))
		rng := rand.New(rand.NewPCG(uint64(i), 4))
		check := func(id SiteID) {
			name := tab.Name(id)
			if got, err := tab.Parse(name); err != nil || got != id {
				t.Fatalf("%s: site %d is %q, which parses as %d, %v", c, id, name, got, err)
			}
		}
		for range 3000 {
			check(SiteID(rng.IntN(tab.Bits())))
		}
		for _, r := range tab.Registers { // first and last bit of every register
			check(r.First)
			check(r.First + SiteID(r.Bits()) - 1)
		}
	}
	tab := New(isa.U55x32, npu.ECCNone)
	for _, bad := range []string{
		"", "mac", "mac.acc", "mac.acc[4].0", "mac.acc[0].40", "mac.acc[-1].0", "mac.acc[0].-1", "mac.acc.x",
		"sb.bank16.row0.0", "sb.bank0.row64.0", "sb.bank0.row0.128", "cc.bank0.ifm_depth_m1.16", "cc.bank4.ifm_depth_m1.0", "bus.cycle.0",
	} {
		if id, err := tab.Parse(bad); err == nil {
			t.Errorf("%q parses as site %d, %s", bad, id, tab.Name(id))
		}
	}
}

// TestFlip checks that a flip inverts the named bit and no other, and that a
// second one restores the state.
func TestFlip(t *testing.T) {
	for i, c := range isa.Configs {
		for _, ecc := range []npu.ECC{npu.ECCNone, npu.ECCSECDED} {
			tab := New(c, ecc)
			rng := rand.New(rand.NewPCG(uint64(i), 5))
			m := start(t, c, ecc, "hello_world_int8")
			m.Run(900)
			for _, r := range tab.Registers {
				for range 2 {
					id := r.First + SiteID(rng.IntN(r.Bits()))
					checkFlip(t, tab, m, id, ecc)
				}
			}
		}
	}
}

func checkFlip(t *testing.T, tab *Table, m *npu.Machine, id SiteID, ecc npu.ECC) {
	t.Helper()
	was := m.S
	before, after, err := tab.Flip(m, id)
	if err != nil || before^after != 1 || tab.Read(&m.S, id) != after || tab.Read(&was, id) != before {
		t.Fatalf("%s: flip from %d to %d, %v", tab.Name(id), before, after, err)
	}
	p, _ := tab.Place(id)
	n := 0
	if p.Register.ram != notRAM {
		for i := range was.RAM.Mem {
			n += bits.OnesCount32(uint32(was.RAM.Mem[i] ^ m.S.RAM.Mem[i]))
		}
		if p.Register.ram == ramCheck {
			n = bits.OnesCount32(uint32(was.RAM.Syn[p.Element] ^ m.S.RAM.Syn[p.Element]))
		}
		if m.S.Flops != was.Flops {
			t.Errorf("%s: a flip in the RAM changes flops", tab.Name(id))
		}
	} else {
		n = differingBits(&was, &m.S)
		if m.S.RAM != was.RAM {
			t.Errorf("%s: a flip of a flop changes the RAM", tab.Name(id))
		}
	}
	if n != 1 {
		t.Errorf("%s: the flip changes %d bits", tab.Name(id), n)
	}
	if back, _, err := tab.Flip(m, id); err != nil || back != after || m.S != was {
		t.Errorf("%s: a second flip does not restore the state", tab.Name(id))
	}
}

func differingBits(a, b *npu.State) int {
	var x []uint64
	leaves(reflect.ValueOf(&a.Flops).Elem(), "", "", func(l leaf) {
		elements(l.value, func(_ int, v uint64) { x = append(x, v) })
	})
	n, k := 0, 0
	leaves(reflect.ValueOf(&b.Flops).Elem(), "", "", func(l leaf) {
		elements(l.value, func(_ int, v uint64) {
			n += bits.OnesCount32(uint32(v^x[k])) + bits.OnesCount32(uint32((v^x[k])>>32))
			k++
		})
	})
	return n
}

// TestWidthsAfterUpsets does the same while the machine works on corrupted
// registers: counters that overrun must wrap at their width.
func TestWidthsAfterUpsets(t *testing.T) {
	trials := 1
	if os.Getenv("UPSET_FULL") == "1" {
		trials = 40
	}
	for i, c := range isa.Configs {
		tab := New(c, npu.ECCNone)
		rng := rand.New(rand.NewPCG(uint64(i), 6))
		for _, name := range []string{"ops/conv_3x3", "ops/dw_3x3", "ops/softmax_int8", "ops/add_bcast", "ops/fc_sparse"} {
			m := start(t, c, npu.ECCNone, name)
			fresh, mem := m.S, append([]byte(nil), m.Mem.SRAM...)
			m.Run(1_000_000)
			total := m.Cycle()
			for _, r := range tab.Registers {
				if r.IsSRAM() || r.Observer {
					continue
				}
				for range trials {
					m.Load(&fresh)
					copy(m.Mem.SRAM, mem)
					m.Run(rng.Uint64N(total))
					id := r.First + SiteID(rng.IntN(r.Bits()))
					if _, _, err := tab.Flip(m, id); err != nil {
						t.Fatal(err)
					}
					at := m.Cycle()
					for _, ahead := range []uint64{1, 10, 300} {
						m.Run(at + ahead)
						if checkWidths(t, m, tab); t.Failed() {
							t.Fatalf("%s %s: after a flip of %s at cycle %d", c, name, tab.Name(id), at)
						}
					}
				}
			}
		}
	}
}
