package netlist

import (
	"math"
	"strings"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// The share of flops in the logic area of such a design is usually 25 to 45 %. Multipliers
// were measured without full-adder cells, which puts the largest array, u55-256, below it.
func TestFlopShare(t *testing.T) {
	for _, c := range isa.Configs {
		list := New(c, npu.ECCNone).Areas(nil)
		for _, a := range list {
			t.Logf("%s %-10s %6d flops %7.0f GE, combinational %7.0f GE, SRAM %d", c, a.Block, a.Flops, a.FlopGE, a.CombGE, a.SRAMBits)
			if a.CombGE <= 0 || a.FlopGE != DefaultCosts().Flop*float64(a.Flops) {
				t.Errorf("%s %s: implausible area %+v", c, a.Block, a)
			}
		}
		share := FlopShare(list)
		t.Logf("%s flop share %.1f %%", c, 100*share)
		if share < 0.23 || share > 0.45 {
			t.Errorf("%s: flops take %.1f %% of the logic area, want 23 to 45 %%", c, 100*share)
		}
	}
}

// roundCosts are constants that a reader can multiply, whatever the defaults are.
func roundCosts() *Costs {
	return &Costs{Flop: 6, Multiplier: 5, Adder: 7, Mux: 2, XOR: 2, Comparator: 3, Less: 4, Voter: 3, Gate: 1}
}

func TestGatesFollowTheFormulas(t *testing.T) {
	part := func(c isa.Config, costs *Costs, block, name string) float64 {
		for _, g := range New(c, npu.ECCNone).Gates(costs) {
			if g.Block == block && g.Part == name {
				return g.GE
			}
		}
		t.Fatalf("%s has no part %q", block, name)
		return 0
	}
	for _, x := range []struct {
		block, part string
		want        [4]float64
	}{
		// 5 GE per bit pair: M multipliers of 9 × 9.
		{"mac", "multipliers 9 × 9", [4]float64{32 * 405, 64 * 405, 128 * 405, 256 * 405}},
		// 7 GE per bit: X·D trees of 4·19 + 2·20 + 21 = 137 bits.
		{"mac", "adder trees: four of 19, two of 20, one of 21 bits", [4]float64{4 * 959, 8 * 959, 16 * 959, 32 * 959}},
		// 64·18·5 + 80·7 per lane.
		{"ao", "multipliers 64 × 18 with 80-bit sum", [4]float64{6320, 2 * 6320, 4 * 6320, 8 * 6320}},
		// 18 counters of 16 bits: adder 7, comparison of order 4, multiplexer 2.
		{"traversal", "job counters: 3 × 6", [4]float64{18 * 16 * 13, 18 * 16 * 13, 18 * 16 * 13, 18 * 16 * 13}},
		// 80 commands of ten bits compared for equality, FIFO and word selection.
		{"cc", "command decode: 80 commands of 10 bits, FIFO read", [4]float64{2400 + 896 + 64, 2400 + 896 + 64, 2400 + 896 + 64, 2400 + 896 + 64}},
	} {
		for i, c := range isa.Configs {
			if got := part(c, roundCosts(), x.block, x.part); got != x.want[i] {
				t.Errorf("%s %s: %v GE, want %v", c, x.part, got, x.want[i])
			}
		}
	}
	double := roundCosts()
	double.Multiplier *= 2
	if got := part(isa.U55x128, double, "mac", "multipliers 9 × 9"); got != 2*128*405 {
		t.Errorf("a doubled cost of multipliers gives %v GE", got)
	}
}

func TestECCCostsArea(t *testing.T) {
	var sum [3]float64
	var bits [3]int
	for ecc := range sum {
		for _, a := range New(isa.U55x128, npu.ECC(ecc)).Areas(nil) {
			sum[ecc] += a.CombGE
			bits[ecc] += a.SRAMBits
		}
	}
	if !(sum[0] < sum[1] && sum[1] < sum[2]) {
		t.Errorf("combinational areas without ECC, with parity, with SECDED: %v, want them to grow", sum)
	}
	// One check bit per byte, eight per 64-bit word.
	if bits != [3]int{196608, 196608 * 9 / 8, 196608 * 9 / 8} {
		t.Errorf("SRAM bits %v", bits)
	}
}

const overrideExample = `
blocks:
  mac:
    flops: 14200
    comb_area_ge: 180000
    flop_fit: 1.1e-4
  sb:
    sram_bits: 221184
    sram_fit: 2.0e-5
`

func TestOverride(t *testing.T) {
	o, err := LoadOverride(strings.NewReader(overrideExample))
	if err != nil {
		t.Fatal(err)
	}
	tab := New(isa.U55x128, npu.ECCNone)
	before := tab.Areas(nil)
	after := o.Apply(before, nil)
	for i, a := range after {
		want := before[i]
		switch a.Block {
		case "mac":
			want.Flops, want.FlopGE, want.CombGE = 14200, 14200*DefaultCosts().Flop, 180000
		case "sb":
			want.SRAMBits = 221184
		}
		if a != want {
			t.Errorf("%+v, want %+v", a, want)
		}
	}
	if got := o.FlopScale("mac", 7100); got != 2 {
		t.Errorf("flop scale %v, want 2", got)
	}
	if got := o.FlopScale("ao", 7100); got != 1 {
		t.Errorf("flop scale of a block that is not named: %v, want 1", got)
	}
	if got := o.SRAMScale("sb", 442368); got != 0.5 {
		t.Errorf("SRAM scale %v, want 0.5", got)
	}
	if f, s := o.Rates("mac", 1, 2); f != 1.1e-4 || s != 2 {
		t.Errorf("rates of mac: %v, %v", f, s)
	}
	var none *Override
	if f, s := none.Rates("mac", 1, 2); f != 1 || s != 2 || none.FlopScale("mac", 5) != 1 {
		t.Error("no override must change nothing")
	}
}

func TestOverrideErrors(t *testing.T) {
	for _, x := range []struct{ name, file, want string }{
		{"empty", "", "empty"},
		{"no block", "blocks: {}", "no block"},
		{"fraction", "blocks: {mac: {flops: 1.5}}", "whole number"},
		{"unknown key", "blocks: {mac: {flop: 3}}", "flop"},
		{"unknown top key", "block: {mac: {flops: 3}}", "block"},
		{"unknown block", "blocks: {cpu: {flops: 3}}", "unknown block"},
		{"negative", "blocks: {mac: {flops: -3}}", "flops is -3"},
		{"not a number", "blocks: {mac: {flop_fit: .nan}}", "line 1: \".nan\" is no number"},
		{"infinite", "blocks: {mac: {comb_area_ge: .inf}}", "line 1: \".inf\" is no number"},
		{"text", "blocks: {mac: {flops: many}}", "many"},
		{"two documents", "blocks: {mac: {flops: 3}}\n---\nblocks: {mac: {flops: 4}}\n", "more than one"},
		{"duplicate", "blocks: {mac: {flops: 3}, mac: {flops: 4}}", "already"},
		{"too long", strings.Repeat("# ", overrideLimit), "larger"},
	} {
		if _, err := LoadOverride(strings.NewReader(x.file)); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: error %v, want one with %q", x.name, err, x.want)
		}
	}
}

func FuzzLoadOverride(f *testing.F) {
	f.Add(overrideExample)
	f.Add("blocks: {mac: {flops: 1}}")
	f.Fuzz(func(t *testing.T, file string) {
		o, err := LoadOverride(strings.NewReader(file))
		if err != nil {
			return
		}
		for _, a := range o.Apply(New(isa.U55x32, npu.ECCNone).Areas(nil), nil) {
			if a.Flops < 0 || a.SRAMBits < 0 || !(a.LogicGE() >= 0) || math.IsInf(a.FlopGE, 0) {
				t.Fatalf("%+v", a)
			}
		}
	})
}

func TestDigest(t *testing.T) {
	seen := map[string]string{}
	for _, c := range isa.Configs {
		for _, ecc := range []npu.ECC{npu.ECCNone, npu.ECCSECDED} {
			d := New(c, ecc).Digest()
			if d != New(c, ecc).Digest() {
				t.Errorf("%s: the digest changes from call to call", c)
			}
			if was := seen[d]; was != "" {
				t.Errorf("%s and %s have the same digest", c, was)
			}
			seen[d] = c.String()
		}
	}
	tab := New(isa.U55x128, npu.ECCNone)
	d := tab.Digest()
	tab.Registers[7].Width++
	if tab.Digest() == d {
		t.Error("the digest does not depend on the width of a register")
	}
}

// FlopShare is the share of the flops in the logic area.
func FlopShare(list []BlockArea) float64 {
	flops, logic := 0.0, 0.0
	for _, a := range list {
		flops += a.FlopGE
		logic += a.LogicGE()
	}
	if logic == 0 {
		return 0
	}
	return flops / logic
}
