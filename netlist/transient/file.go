package transient

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"upset/netlist"
)

// Share is a share with a 95 % interval.
type Share struct{ Value, Low, High float64 }

// Event is what pulses changed together at the end of a clock.
type Event struct {
	Active bool             // a register of the block changed in that clock without the pulse
	Weight int              // how often, among those of the same Active
	Sites  []netlist.SiteID // rising
}

// Block is what was measured of a block.
type Block struct {
	Name      string
	Digest    string   // of its gates
	Registers []string // those that the pulses were to change
	Pulses    int
	GE        float64 // area of the logic that was struck, in gate equivalents
	Depth     int     // levels
	Derating  Share   // pulses that change a register of the block, of all pulses
	Outputs   Share   // pulses that change none, but arrive at an output of the block
	Idle      Share   // Derating in clocks in which no register of the block changes without the pulse
	Active    Share   // and in the others
	Events    []Event `json:"-"`
}

// format is the first word of a file.
const format = "upset-transients-1"

// file is the JSON of a file, packed by gzip.
type file struct {
	Format string       `json:"format"`
	NPU    string       `json:"npu"`
	Blocks []storedUnit `json:"blocks"`
}

// storedUnit is a Block with its events as numbers. A part of an event is the index of a
// register in Names, an element, and the bits of the element as a mask.
type storedUnit struct {
	Block
	Names  []string      `json:"names"`
	Stored []storedEvent `json:"events"`
}

type storedEvent struct {
	Active bool        `json:"a,omitempty"`
	Weight int         `json:"w"`
	Parts  [][3]uint64 `json:"p"`
}

// Write writes a file of blocks of a configuration.
func Write(w io.Writer, t *netlist.Table, blocks []*Block) error {
	f := file{Format: format, NPU: t.Config.String()}
	for _, b := range blocks {
		s := storedUnit{Block: *b}
		s.Block.Events = nil
		index := map[string]uint64{}
		for _, e := range b.Events {
			x := storedEvent{Active: e.Active, Weight: e.Weight}
			for _, id := range e.Sites {
				p, err := t.Place(id)
				if err != nil {
					return err
				}
				k, ok := index[p.Register.Name]
				if !ok {
					k = uint64(len(s.Names))
					index[p.Register.Name], s.Names = k, append(s.Names, p.Register.Name)
				}
				if n := len(x.Parts); n > 0 && x.Parts[n-1][0] == k && x.Parts[n-1][1] == uint64(p.Element) {
					x.Parts[n-1][2] |= 1 << p.Bit
				} else {
					x.Parts = append(x.Parts, [3]uint64{k, uint64(p.Element), 1 << p.Bit})
				}
			}
			s.Stored = append(s.Stored, x)
		}
		f.Blocks = append(f.Blocks, s)
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(z).Encode(f); err != nil {
		return err
	}
	return z.Close()
}

// Bounds of what a file may hold (our choice), far above what is stored.
const (
	maxFile   = 64 << 20
	maxWeight = 1 << 20
)

// Read reads a file for a table of the same configuration. A file that names registers, elements or bits that
// the table does not have gives an error.
func Read(r io.Reader, t *netlist.Table) ([]*Block, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	var f file
	data, err := io.ReadAll(io.LimitReader(z, maxFile))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if f.Format != format || f.NPU != t.Config.String() {
		return nil, fmt.Errorf("file of format %q for %q, want %q for %s", f.Format, f.NPU, format, t.Config)
	}
	registers := map[string]*netlist.Register{}
	for i := range t.Registers {
		registers[t.Registers[i].Name] = &t.Registers[i]
	}
	var out []*Block
	for i := range f.Blocks {
		s := &f.Blocks[i]
		for _, n := range append(slices.Clone(s.Names), s.Registers...) {
			if r := registers[n]; r == nil || r.IsSRAM() {
				return nil, fmt.Errorf("block %s: no register is named %q", s.Name, n)
			}
		}
		for _, e := range s.Stored {
			x := Event{Active: e.Active, Weight: e.Weight}
			if e.Weight < 1 || e.Weight > maxWeight || len(e.Parts) == 0 {
				return nil, fmt.Errorf("block %s: an event of weight %d with %d parts", s.Name, e.Weight, len(e.Parts))
			}
			for _, p := range e.Parts {
				if p[0] >= uint64(len(s.Names)) {
					return nil, fmt.Errorf("block %s: no register %d", s.Name, p[0])
				}
				r := registers[s.Names[p[0]]]
				if p[1] >= uint64(r.Count) || p[2] == 0 || r.Width < 64 && p[2]>>r.Width != 0 {
					return nil, fmt.Errorf("block %s: %s has no bits %#x of element %d", s.Name, r.Name, p[2], p[1])
				}
				for b := range r.Width {
					if p[2]>>b&1 != 0 {
						x.Sites = append(x.Sites, r.First+netlist.SiteID(int(p[1])*r.Width+b))
					}
				}
			}
			s.Events = append(s.Events, x)
		}
		out = append(out, &s.Block)
	}
	return out, nil
}
