package campaign

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/golden"
	"upset/models/network"
	"upset/netlist"
	"upset/stats"
	"upset/stats/result"
)

// Frame is the sampling frame: everything about the machine and the inference
// that draws and results depend on. It is plain data and stands in the log, so
// that a result can be made from the log alone.
type Frame struct {
	NPU      string `json:"npu"`
	Cycles   uint64 `json:"cycles"`
	Watchdog uint64 `json:"watchdog"`
	Inputs   int    `json:"inputs"`
	// Criterion is the rule in force, auto resolved.
	Criterion string `json:"criterion"`
	// Architecture is the digest of the network without its weights.
	Architecture string `json:"architecture,omitempty"`
	// Shares says what runs where, nil for a single stream.
	Shares   *result.Shares `json:"shares,omitempty"`
	Segments []Segment      `json:"segments"`
	Phases   []Phase        `json:"phases"`
	Groups   []Group        `json:"groups"`
	Cells    []Cell         `json:"cells"`
	// Strata are what injections are allocated to, as lists of cells.
	Strata [][]int `json:"strata"`
}

// Span is a stretch of cycles, the end excluded.
type Span struct {
	Start uint64 `json:"start"`
	End   uint64 `json:"end"`
}

// cycles is the length of a span.
func (s Span) cycles() uint64 { return s.End - s.Start }

// overlap is the number of cycles that two spans share.
func (s Span) overlap(t Span) uint64 {
	lo, hi := max(s.Start, t.Start), min(s.End, t.End)
	if lo >= hi {
		return 0
	}
	return hi - lo
}

// Segment is a stretch in which one layer is under way. A layer may have several.
type Segment struct {
	Span
	Layer int    `json:"layer"`
	Name  string `json:"name"`
}

// Phase is a set of cycles of neighbouring segments.
type Phase struct {
	Name string `json:"name"`
	// First and Last are the lowest and the highest layer of the phase.
	First int    `json:"first"`
	Last  int    `json:"last"`
	Spans []Span `json:"spans"`
}

// layerNames describes a range of layers.
func layerNames(first, last int) string {
	if first == last {
		return fmt.Sprintf("layer %d", first)
	}
	return fmt.Sprintf("layers %d-%d", first, last)
}

// cycles is the length of a phase.
func (p Phase) cycles() (n uint64) {
	for _, s := range p.Spans {
		n += s.cycles()
	}
	return n
}

// Cell is the bits of one group during one phase: the smallest unit of a stratum.
type Cell struct {
	Group int `json:"group"`
	Phase int `json:"phase"`
}

// maxPhases bounds the number of phases (our choice: more strata than 8 per class
// and block are thin at the usual ten thousand injections).
const maxPhases = 8

// newFrame builds the frame of an engine.
func newFrame(e *engine.Engine, p Population, s Spec) (*Frame, error) {
	for i := range e.Inputs() {
		if c := e.Golden(i).Cycles; c != e.Cycles() {
			return nil, fmt.Errorf("input %d takes %d cycles and input 0 takes %d: cycles must not depend on data; report this network", i, c, e.Cycles())
		}
	}
	f := &Frame{
		NPU: e.Table().Config.String(), Cycles: e.Cycles(), Watchdog: e.Watchdog(), Inputs: e.Inputs(),
		Criterion: e.Criterion().String(), Segments: segments(e.Golden(0).Ops, e.Cycles()), Groups: p.Groups(),
		Architecture: architecture(e.Program()), Shares: shares(e.Program()),
	}
	return f, f.build(s)
}

// shares tells what of a program runs where.
func shares(p *network.Program) *result.Shares {
	if len(p.Jobs) == 0 {
		return nil
	}
	return &result.Shares{Frames: max(1, p.Frames), Jobs: len(p.Jobs), OnHost: append([]string{}, p.OnHost...)}
}

// segments joins consecutive operations of one layer.
func segments(ops []golden.OpSpan, cycles uint64) []Segment {
	var out []Segment
	for _, o := range ops {
		start := min(o.Start, cycles)
		if n := len(out); n > 0 && (out[n-1].Layer == o.Layer || out[n-1].Start == start) {
			continue
		}
		out = append(out, Segment{Span: Span{Start: start}, Layer: o.Layer, Name: PlainText(o.Name)})
	}
	if len(out) == 0 {
		out = []Segment{{Name: "all"}}
	}
	out[0].Start = 0
	for i := range out {
		out[i].End = cycles
		if i+1 < len(out) {
			out[i].End = out[i+1].Start
		}
	}
	return slices.DeleteFunc(out, func(s Segment) bool { return s.Start >= s.End })
}

// build fills phases, cells and strata.
func (f *Frame) build(s Spec) error {
	if f.Cycles == 0 || f.Inputs == 0 {
		return fmt.Errorf("an inference of %d cycles and %d inputs: there is nothing to inject into", f.Cycles, f.Inputs)
	}
	selected := f.Segments
	if s.Layers != nil {
		selected = slices.DeleteFunc(slices.Clone(f.Segments), func(g Segment) bool { return !slices.Contains(s.Layers, g.Layer) })
		if len(selected) == 0 {
			return fmt.Errorf("no cycle belongs to layers %v: see upset run for the layers", s.Layers)
		}
	}
	f.Phases = phases(selected)
	for g, group := range f.Groups {
		switch {
		case group.Excluded || group.Bits == 0:
		case group.Known || s.Sampling == SamplingUniform:
			f.Cells = append(f.Cells, Cell{g, len(f.Phases)})
		default:
			for p := range f.Phases {
				f.Cells = append(f.Cells, Cell{g, p})
			}
		}
	}
	if len(f.Cells) == 0 {
		return fmt.Errorf("the population is empty: widen the filters")
	}
	// The last phase is the whole of the selected cycles.
	f.Phases = append(f.Phases, Phase{Name: "all", Spans: spans(selected)})
	if total := f.sites(); total > math.MaxInt64 {
		return fmt.Errorf("%.3g sites are more than can be numbered: choose fewer layers", total)
	}
	if s.Sampling == SamplingUniform {
		all := make([]int, len(f.Cells))
		for i := range all {
			all[i] = i
		}
		f.Strata = [][]int{all}
		return nil
	}
	total, err := plannedSize(s)
	if err != nil {
		return err
	}
	weights := make([]float64, len(f.Cells))
	for i := range weights {
		weights[i] = f.drawWeight([]int{i})
	}
	planned, err := stats.Proportional(weights, total, 0)
	if err != nil {
		return err
	}
	f.Strata = f.merge(planned)
	return nil
}

// spans lists the cycles of segments, touching ones joined.
func spans(list []Segment) (out []Span) {
	for _, s := range list {
		if n := len(out); n > 0 && out[n-1].End == s.Start {
			out[n-1].End = s.End
			continue
		}
		out = append(out, s.Span)
	}
	return out
}

// phases merges neighbouring segments, always the pair that makes the shortest
// phase, until no more than maxPhases are left.
func phases(list []Segment) []Phase {
	groups := make([][]Segment, len(list))
	for i := range list {
		groups[i] = list[i : i+1]
	}
	length := func(g []Segment) (n uint64) {
		for _, s := range g {
			n += s.cycles()
		}
		return n
	}
	for len(groups) > maxPhases {
		best, least := 0, uint64(math.MaxUint64)
		for i := range len(groups) - 1 {
			if n := length(groups[i]) + length(groups[i+1]); n < least {
				best, least = i, n
			}
		}
		groups[best] = append(slices.Clone(groups[best]), groups[best+1]...)
		groups = slices.Delete(groups, best+1, best+2)
	}
	out := make([]Phase, len(groups))
	for i, g := range groups {
		lo, hi := g[0].Layer, g[0].Layer
		for _, s := range g {
			lo, hi = min(lo, s.Layer), max(hi, s.Layer)
		}
		out[i] = Phase{Name: layerNames(lo, hi), First: lo, Last: hi, Spans: spans(g)}
	}
	return out
}

// cellSites is the exact number of sites of a cell: bits × cycles.
func (f *Frame) cellSites(c int) uint64 {
	cell := f.Cells[c]
	return f.Groups[cell.Group].Bits * f.Phases[cell.Phase].cycles()
}

// stratumSites is the number of sites of a list of cells.
func (f *Frame) stratumSites(cells []int) (n uint64) {
	for _, c := range cells {
		n += f.cellSites(c)
	}
	return n
}

// sites is the number of all selected sites, as a float to bear any size.
func (f *Frame) sites() (n float64) {
	for _, c := range f.Cells {
		n += float64(f.Groups[c.Group].Bits) * float64(f.Phases[c.Phase].cycles())
	}
	return n
}

// drawWeight is what the allocation to a list of cells is proportional to: sites
// times the scale of the raw rate. Cells whose outcome is known count for a tenth
// of a per cent (our choice): their samples only check the proof.
func (f *Frame) drawWeight(cells []int) (w float64) {
	for _, c := range cells {
		g := f.Groups[f.Cells[c].Group]
		x := float64(f.cellSites(c))
		if g.Scale != 0 {
			x *= g.Scale
		}
		if g.Known {
			x *= 1e-3
		}
		w += x
	}
	return w
}

// kinds numbers the strata so that those of equal number resemble each other: the
// datapath is apart from the control that steers it, and observers and RAM from both
// (classes of netlist; their true shares for one network stand in docs/validation.md).
// The heaviest cell speaks for a stratum.
func (f *Frame) kinds() []int {
	out := make([]int, len(f.Strata))
	var names []string
	for i, cells := range f.Strata {
		heaviest := slices.MaxFunc(cells, func(a, b int) int {
			return cmp.Compare(f.drawWeight([]int{a}), f.drawWeight([]int{b}))
		})
		name := f.Groups[f.Cells[heaviest].Group].Class
		switch name {
		case netlist.LocalControl.String(), netlist.GlobalControl.String(), netlist.Configuration.String():
			name = "control"
		}
		out[i] = slices.Index(names, name)
		if out[i] < 0 {
			out[i] = len(names)
			names = append(names, name)
		}
	}
	return out
}

// merge joins cells whose planned samples are thin, never cells of another raw
// rate, and never known cells with others.
func (f *Frame) merge(planned []int) [][]int {
	keys := make([]stats.StratumKey, len(f.Cells))
	for i, c := range f.Cells {
		g := f.Groups[c.Group]
		block := fmt.Sprintf("%s|%g|%t", g.Block, g.Scale, g.Known)
		if g.Logic != "" {
			block += "|" + g.Logic
		}
		keys[i] = stats.StratumKey{
			Block: block, Class: g.Class, Phase: c.Phase, SRAM: g.SRAM, N: planned[i],
		}
	}
	return stats.Merge(keys, stats.MinStratum)
}

// draw is one injection as the frame sees it.
type draw struct {
	cell  int
	input int
	bit   uint64 // within the cell's group
	cycle uint64
}

// draw makes injection i, which falls into the given stratum. Its random numbers
// depend on the seed and i alone, so that campaigns of one seed that differ in an
// assumption share their faults.
func (f *Frame) draw(seed uint64, i, stratum int) draw {
	r := stream(seed, uint64(i))
	d := draw{input: r.IntN(f.Inputs)}
	cells := f.Strata[stratum]
	u := r.Uint64N(f.stratumSites(cells))
	for _, c := range cells {
		n := f.cellSites(c)
		if u >= n {
			u -= n
			continue
		}
		d.cell = c
		phase := f.Phases[f.Cells[c].Phase]
		cycles := phase.cycles()
		d.bit, d.cycle = u/cycles, u%cycles
		for _, s := range phase.Spans {
			if d.cycle < s.cycles() {
				d.cycle += s.Start
				break
			}
			d.cycle -= s.cycles()
		}
		break
	}
	return d
}

// site resolves the bit of a draw.
func (f *Frame) site(p Population, d draw) faults.Site {
	return faults.Site{ID: p.Bit(f.Cells[d.cell].Group, d.bit), Cycle: d.cycle}
}

// segmentAt is the segment under way at a cycle.
func (f *Frame) segmentAt(cycle uint64) int {
	i := sort.Search(len(f.Segments), func(i int) bool { return f.Segments[i].End > cycle })
	return min(i, len(f.Segments)-1)
}

// TableDigest names a site table: configuration, RAM code and every register.
func TableDigest(t *netlist.Table) string {
	type register struct {
		Name, Class  string
		Count, Width int
		Bits, First  int
		Observer     bool
	}
	list := make([]register, len(t.Registers))
	for i := range t.Registers {
		r := &t.Registers[i]
		list[i] = register{r.Name, r.Class.String(), r.Count, r.Width, r.Bits(), int(r.First), r.Observer}
	}
	return Digest(struct {
		NPU, ECC  string
		Registers []register
	}{t.Config.String(), eccName(t.ECC), list})
}
