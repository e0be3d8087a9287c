package exhaustive

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"upset/faults"
	"upset/faults/engine"
	"upset/netlist"
	"upset/npu"
)

// Table holds the outcome of every upset of every flop, for every input and cycle.
type Table struct {
	Inputs, Cycles, Flops int
	Digest                [sha256.Size]byte // of the machine, the program and the inputs

	outcomes []byte // by input, cycle and flop
}

// Bounds on what a file may say of itself (our choice), so that reading one takes
// bounded memory; the shipped table has 174 million sites.
const (
	maxSites = 1 << 28
	maxRuns  = 1 << 26 // bytes of the unpacked file
)

const magic = "upset truth 1\n"

func newTable(e *engine.Engine) *Table {
	t := &Table{Inputs: e.Inputs(), Cycles: int(e.Cycles()), Digest: Digest(e)}
	for _, r := range e.Table().Select(netlist.Filter{NoSRAM: true}) {
		t.Flops += r.Bits()
	}
	t.outcomes = make([]byte, t.Inputs*t.Cycles*t.Flops)
	return t
}

// Digest identifies what a table is of: the inventory, the program, the system around
// the NPU, the criterion and the inputs.
func Digest(e *engine.Engine) (d [sha256.Size]byte) {
	h := sha256.New()
	p := e.Program()
	s := e.Options().System
	fmt.Fprintf(h, "%s %s {{%d %d %d} {%d %d %d} %v} %v %d\n", e.Table().Digest(), p.Config,
		s.SRAM.BeatInterval, s.SRAM.ReadLatency, s.SRAM.WriteLatency, s.Flash.BeatInterval, s.Flash.ReadLatency, s.Flash.WriteLatency, s.Limits, e.Criterion(), e.Cycles())
	none := npu.Adapter{}
	if s.Map != (npu.Map{}) || s.SRAM.Permille != 0 || s.Flash.Permille != 0 || s.SRAM.Adapter != none || s.Flash.Adapter != none {
		fmt.Fprintln(h, s)
	}
	part := func(b []byte) {
		fmt.Fprintf(h, "%d ", len(b))
		h.Write(b)
	}
	for _, c := range p.Commands {
		fmt.Fprintf(h, "%08x", c)
	}
	part(p.FlashImage())
	for _, c := range p.Constants {
		fmt.Fprintf(h, "%d ", c.Offset)
		part(c.Data)
	}
	for i := range e.Inputs() {
		part(e.Golden(i).Input)
		part(e.Golden(i).Output)
	}
	h.Sum(d[:0])
	return d
}

// Sites is the number of upsets in the table.
func (t *Table) Sites() int { return len(t.outcomes) }

// column are the outcomes of all flops at a cycle.
func (t *Table) column(input, cycle int) []byte {
	k := (input*t.Cycles + cycle) * t.Flops
	return t.outcomes[k : k+t.Flops]
}

// Outcome is what becomes of an upset of a flop, counted in the order of the site
// table without SRAM.
func (t *Table) Outcome(input, cycle, flop int) faults.Outcome {
	return faults.Outcome(t.column(input, cycle)[flop])
}

// WithMistakes is a copy in which about so large a share of all outcomes is another: what
// a comparison must notice.
func (t *Table) WithMistakes(share float64, seed uint64) *Table {
	c := *t
	c.outcomes = bytes.Clone(t.outcomes)
	rng := rand.New(rand.NewPCG(seed, uint64(len(c.outcomes))))
	for range int(share * float64(len(c.outcomes))) {
		i := rng.IntN(len(c.outcomes))
		c.outcomes[i] = (c.outcomes[i] + byte(1+rng.IntN(int(faults.NumOutcomes)-1))) % byte(faults.NumOutcomes)
	}
	return &c
}

// Marshal writes the table: for each input and flop the outcomes in the order of the
// cycles as runs of equal ones, the length times 16 plus the outcome as a varint; all
// of it compressed.
func (t *Table) Marshal() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(magic)
	b.Write(t.Digest[:])
	buf := binary.AppendUvarint(nil, uint64(t.Inputs))
	buf = binary.AppendUvarint(buf, uint64(t.Cycles))
	buf = binary.AppendUvarint(buf, uint64(t.Flops))
	for i := range t.Inputs {
		for f := range t.Flops {
			n, last := uint64(0), t.Outcome(i, 0, f)
			for c := range t.Cycles {
				o := t.Outcome(i, c, f)
				if o != last {
					buf = binary.AppendUvarint(buf, n<<4|uint64(last))
					n, last = 0, o
				}
				n++
			}
			buf = binary.AppendUvarint(buf, n<<4|uint64(last))
		}
	}
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(buf); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

var errFormat = errors.New("truth table: damaged file; rebuild it with: go run ./faults/exhaustive/generate")

// Parse reads a table. It accepts only what Marshal can have written.
func Parse(data []byte) (*Table, error) {
	head := len(magic) + sha256.Size
	if len(data) < head || string(data[:len(magic)]) != magic {
		return nil, errors.New("truth table: not a file of this version; rebuild it with: go run ./faults/exhaustive/generate")
	}
	t := new(Table)
	copy(t.Digest[:], data[len(magic):])
	buf, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data[head:])), maxRuns))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, err)
	}
	next := func() uint64 {
		v, n := binary.Uvarint(buf)
		if n <= 0 {
			buf = nil
			return 0
		}
		buf = buf[n:]
		return v
	}
	var size [3]uint64
	for i := range size {
		if size[i] = next(); size[i] == 0 || size[i] > maxSites {
			return nil, errFormat
		}
	}
	rows := size[0] * size[2] // each at most 2^28
	// Every row takes at least a byte.
	if size[1] > MaxCycles || rows > uint64(len(buf)) || rows*size[1] > maxSites {
		return nil, errFormat
	}
	t.Inputs, t.Cycles, t.Flops = int(size[0]), int(size[1]), int(size[2])
	t.outcomes = make([]byte, rows*size[1])
	for row := range int(rows) {
		if !t.fill(row/t.Flops, row%t.Flops, next) {
			return nil, errFormat
		}
	}
	if len(buf) != 0 {
		return nil, errFormat
	}
	return t, nil
}

// fill reads the runs of a row.
func (t *Table) fill(input, flop int, next func() uint64) bool {
	last := faults.NumOutcomes
	for at := 0; at < t.Cycles; {
		v := next()
		n, o := v>>4, faults.Outcome(v&15)
		if n == 0 || n > uint64(t.Cycles-at) || o >= faults.NumOutcomes || o == last {
			return false
		}
		for range n {
			t.column(input, at)[flop] = byte(o)
			at++
		}
		last = o
	}
	return true
}
