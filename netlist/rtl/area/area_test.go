package area

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/npu/arith"
	"upset/npu/isa"
)

const root = ".."

func figures(t *testing.T) *File {
	t.Helper()
	f, err := Read(filepath.Join(root, Name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The figures are those of the present sources, and of everything that is to be measured.
func TestFiguresAreOfThePresentSources(t *testing.T) {
	f := figures(t)
	subjects, err := Subjects(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(subjects) != len(f.Results) {
		t.Errorf("%d results for %d subjects: run %s", len(f.Results), len(subjects), Update)
	}
	used := map[string]bool{}
	for _, s := range subjects {
		if _, err := f.Find(s); err != nil {
			t.Error(err)
		}
		for _, name := range s.Files {
			used[name] = true
			data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			if f.Sources[name] != digest(data) {
				t.Errorf("%s has changed since it was measured: run %s", name, Update)
			}
		}
	}
	for name := range f.Sources {
		if !used[name] {
			t.Errorf("%s was measured and is no longer used", name)
		}
	}
	// Every module of a mechanism has a part in a measurement.
	files, err := filepath.Glob(filepath.Join(root, "mechanisms", "*.v"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no mechanisms: %v", err)
	}
	for _, name := range files {
		if !used["mechanisms/"+filepath.Base(name)] {
			t.Errorf("%s is not measured", name)
		}
	}
}

// The constants that netlist keeps are those that were measured, to a place or two.
func TestConstantsAreThoseMeasured(t *testing.T) {
	f := figures(t)
	sets := netlist.MeasuredCosts()
	if len(sets) != len(f.Libraries) {
		t.Fatalf("%d sets of constants, %d libraries", len(sets), len(f.Libraries))
	}
	if n := reflect.TypeFor[netlist.Costs]().NumField(); n != len(Constants()) {
		t.Fatalf("%d constants, %d of them fitted", n, len(Constants()))
	}
	low, high := netlist.CostRange()
	for _, name := range Constants() {
		fit, err := f.Fit(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range sets {
			is := *Constant(&sets[i].Costs, name)
			if sets[i].Library != f.Libraries[i].Name || math.Abs(is-fit[i]) > 0.051 {
				t.Errorf("%s in %s is %v, measured %v", name, sets[i].Library, is, fit[i])
			}
			if is < *Constant(&low, name) || is > *Constant(&high, name) {
				t.Errorf("%s in %s is %v, outside of its range %v to %v", name, sets[i].Library, is, *Constant(&low, name), *Constant(&high, name))
			}
		}
	}
}

// Every mechanism that has logic is measured, and the areas of parts add up.
func TestEveryMechanismIsMeasured(t *testing.T) {
	f := figures(t)
	list := Mechanisms()
	for k := mechanism.None + 1; k < mechanism.NumKinds; k++ {
		if k == mechanism.HardenLight || k == mechanism.Harden {
			continue
		}
		if !slices.ContainsFunc(list, func(m Mechanism) bool { return m.Kind == k }) {
			t.Errorf("%s is not measured", k)
		}
	}
	for _, m := range list {
		r, err := f.Find(m.Subject)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range r.Areas {
			// A formula wrong by a factor of ten would be one for something else.
			own := m.Formula(&netlist.MeasuredCosts()[i].Costs)
			if x := a.GE() / own; !(x > 0.1 && x < 10) {
				t.Errorf("%s, %s: %v GE, the formula says %v", m.Kind, m.Title, a.GE(), own)
			}
		}
	}
}

// The digits of a stage are those of the counters in the table of registers.
func TestDigitsOfStages(t *testing.T) {
	digits := map[string]int{}
	tab := netlist.New(isa.U55x128, npu.ECCNone)
	for i := range tab.Registers {
		r := &tab.Registers[i]
		if r.Block == "traversal" {
			stage := strings.TrimSuffix(strings.Split(r.Name, ".")[1], "inner")
			digits[stage] += r.Count * ((r.Width + 1) / 2)
		}
	}
	for _, s := range stageDigits {
		if digits[s.Stage] != s.Digits {
			t.Errorf("stage %s has %d digits, %d are measured", s.Stage, digits[s.Stage], s.Digits)
		}
		delete(digits, s.Stage)
	}
	if len(digits) > 0 {
		t.Errorf("stages that are not measured: %v", digits)
	}
}

// The parity formula here is that of the mechanism: summed over the elements of a block it
// gives the same area, valid conditions apart.
func TestParityFormulaIsThatOfTheMechanism(t *testing.T) {
	tab := netlist.New(isa.U55x128, npu.ECCSECDED)
	c := netlist.DefaultCosts()
	for _, kind := range []mechanism.Kind{mechanism.ParityAlways, mechanism.ParityInterleaved} {
		for _, block := range []string{"sb", "pmu", "traversal"} {
			want, sum, groups := 0.0, 0.0, 0
			p := mechanism.NewPricing(tab, tab.Areas(nil), nil, mechanism.DefaultCells())
			choice := mechanism.Choice{Block: block, Kind: kind}
			items, err := p.Items(choice)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range items {
				if !strings.HasPrefix(i.What, "valid") {
					want += i.GE()
				}
			}
			elements := 0
			for i := range tab.Registers {
				r := &tab.Registers[i]
				if !choice.Covers(r) {
					continue
				}
				interleave := 1
				if kind == mechanism.ParityInterleaved {
					interleave = min(2, r.Width)
				}
				n := max((r.Width+31)/32, interleave)
				if kind != mechanism.ParityAlways {
					groups += n * r.Count // valid gating is left out on the other side
				}
				sum += float64(r.Count) * parity(kind, r.Width, 32, interleave).Formula(c)
				elements += r.Count
			}
			// One alarm for all, and a gate for every element more in the tree.
			sum -= float64(elements-1) * (c.Flop + 2*c.Gate - c.Gate)
			sum -= float64(groups) * c.Gate
			if elements > 0 && math.Abs(sum-want) > 1e-6 {
				t.Errorf("%s of %s: %v GE here, %v there", kind, block, sum, want)
			}
		}
	}
}

// The table of constants is that of the activation, up to the rounding of its last bit.
func TestSigmoidTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("parts", "sigmoid.v"))
	if err != nil {
		t.Fatal(err)
	}
	for h := range int64(arith.BuiltinLast) {
		_, rest, ok := strings.Cut(string(text), "8'd"+strconv.FormatInt(h, 10)+": y = 16'd")
		if !ok {
			t.Fatalf("no entry %d", h)
		}
		value := int64(0)
		for _, c := range rest[:strings.IndexByte(rest, ';')] {
			value = 10*value + int64(c-'0')
		}
		if want := arith.Sigmoid(h << 9); (value<<9+512)>>10 != want {
			t.Errorf("entry %d is %d, the activation gives %d", h, value, want)
		}
	}
}

// The page says what the figures and the formulas say now.
func TestPageIsUpToDate(t *testing.T) {
	want, err := Page(figures(t), root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "area.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/area.md differs from what the program counts: run go run ./netlist/rtl/area/generate")
	}
}
