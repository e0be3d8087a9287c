package cycles

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// Layer is one row of a comparison.
type Layer struct {
	Row
	Ours  uint64
	Parts int // operations of the stream
}

// Ratio is our cycles over Vela's.
func (l *Layer) Ratio() float64 { return float64(l.Ours) / l.Cycles }

// Comparison is one network on one configuration.
type Comparison struct {
	Network string
	Config  isa.Config
	Ours    uint64  // cycles of all programs of the network
	Vela    float64 // sum over the table
	Layers  []Layer // softmax operations folded into one
	Events  [npu.NumEvents]uint64
}

// Ratio is our cycles over Vela's.
func (c *Comparison) Ratio() float64 { return float64(c.Ours) / c.Vela }

// cycleLimit ends a run that hangs: ten times the longest network known.
const cycleLimit = 100_000_000

const (
	networkSuffix = "_vela.tflite"
	tableSuffix   = "_per-layer.csv"
)

// Networks lists the networks that Vela compiled for a configuration, those that
// are in dir/ethos-CONFIG together with a per-layer table.
func Networks(dir string, c isa.Config) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "ethos-"+c.String(), "*"+tableSuffix))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), tableSuffix))
	}
	return names, nil
}

// Compare runs a network of dir on a configuration and sets the cycles beside
// Vela's table. The input is all zero: cycles do not depend on data.
func Compare(dir, name string, c isa.Config, sys npu.System) (*Comparison, error) {
	base := filepath.Join(dir, "ethos-"+c.String(), name)
	model, err := os.ReadFile(base + networkSuffix)
	if err != nil {
		return nil, err
	}
	table, err := os.Open(base + tableSuffix)
	if err != nil {
		return nil, err
	}
	defer table.Close()
	rows, err := ReadRows(table)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", table.Name(), err)
	}
	n, err := network.Open(model, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out := &Comparison{Network: name, Config: c}
	var ops []kernel
	var spent []uint64
	for _, p := range n.Programs() {
		k := kernels(p)
		times, err := out.run(p, sys)
		if err != nil {
			return nil, fmt.Errorf("%s on %v: %w", name, c, err)
		}
		if len(times) != len(k) {
			return nil, fmt.Errorf("%s on %v: %d operations retire, the stream has %d", name, c, len(times), len(k))
		}
		ops, spent = append(ops, k...), append(spent, times...)
	}
	at, err := match(rows, ops)
	if err != nil {
		return nil, fmt.Errorf("%s on %v: %w", name, c, err)
	}
	out.collect(rows, at, spent)
	return out, nil
}

// run executes one program and returns the cycles of its operations. A cycle
// belongs to the operation on the MAC array, else to the oldest one under way, else
// to the one that is issued next; a transfer of weights that delays an operation
// thereby counts to it. What follows the last operation counts to that one.
func (c *Comparison) run(p *network.Program, sys npu.System) ([]uint64, error) {
	mem := new(isa.Memory)
	if err := p.Load(mem, make([]byte, p.InputBytes())); err != nil {
		return nil, err
	}
	m := npu.New(p.Config, sys, npu.ECCNone, mem)
	var times []uint64
	var banks [4]int
	issued, retired := 0, 0
	m.Probe.Note = func(n npu.Note) {
		switch n.Kind {
		case npu.NoteIssue:
			banks[n.Bank&3] = issued
			issued++
			times = append(times, 0)
		case npu.NoteRetire:
			retired++
		}
	}
	p.Start(m)
	waiting := uint64(0)
	for m.S.CC.Run != 0 {
		if m.Cycle() >= cycleLimit {
			return nil, fmt.Errorf("no end after %d cycles: %s", m.Cycle(), m.Describe())
		}
		mac := &m.S.Trav.MAC
		before := m.Cycle()
		switch m.Step(); {
		case retired == issued:
			waiting += m.Cycle() - before
		case mac.On != 0:
			times[banks[mac.Bank&3]] += waiting + m.Cycle() - before
			waiting = 0
		default:
			times[retired] += waiting + m.Cycle() - before
			waiting = 0
		}
	}
	if st := m.Status(); st != npu.Done {
		return nil, fmt.Errorf("the machine ended with %v: %s", st, m.Describe())
	}
	if retired != issued {
		return nil, fmt.Errorf("%d operations were issued, %d are complete", issued, retired)
	}
	if len(times) > 0 {
		times[len(times)-1] += waiting
	}
	c.Ours += m.Cycle()
	for i, n := range m.Events {
		c.Events[i] += n
	}
	return times, nil
}

// kernels lists the kernel operations of a program's command stream.
func kernels(p *network.Program) []kernel {
	var regs isa.Registers
	var list []kernel
	for w := 0; w < len(p.Commands); w++ {
		word := p.Commands[w]
		kind, reg := isa.Classify(word)
		switch kind {
		case isa.KindSet:
			regs.Set(reg, word, 0)
		case isa.KindSet2:
			w++
			if w < len(p.Commands) {
				regs.Set(reg, word, p.Commands[w])
			}
		case isa.KindOp:
			op := isa.Opcode(reg)
			if op == isa.OpStop {
				return list
			}
			if op.Kernel() {
				d := isa.Decode(&regs, op, isa.Param(word))
				list = append(list, newKernel(network.KindName(&d), &d))
			}
		}
	}
	return list
}

// softmax is the source operator whose many operations count as one.
const softmax = "SOFTMAX"

// collect adds the cycles of operations up by rows, and rows up by layers.
func (c *Comparison) collect(rows []Row, at []int, spent []uint64) {
	ours, parts := make([]uint64, len(rows)), make([]int, len(rows))
	for i, r := range at {
		ours[r] += spent[i]
		parts[r]++
	}
	for i, r := range rows {
		if r.empty() {
			continue
		}
		c.Vela += r.Cycles
		if n := len(c.Layers); r.Source == softmax && n > 0 && c.Layers[n-1].Source == softmax {
			l := &c.Layers[n-1]
			l.Ours += ours[i]
			l.Cycles += r.Cycles
			l.MACs += r.MACs
			l.Parts += parts[i]
			continue
		}
		l := Layer{Row: r, Ours: ours[i], Parts: parts[i]}
		if r.Source == softmax {
			l.Kind = "Softmax"
		}
		c.Layers = append(c.Layers, l)
	}
}
