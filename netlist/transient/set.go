package transient

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"sync"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

//go:embed events
var embedded embed.FS

// Set is what was measured of the blocks of a configuration, to draw from. It does not change
// and may be used by many goroutines.
type Set struct {
	Blocks []*Block
	Digest string                 // SHA-256 of the file in hexadecimal, empty for a set made otherwise
	block  map[netlist.SiteID]int // of every bit of the blocks' registers
	at     map[netlist.SiteID][]choice
}

// choice is an event of a site, with the sum of weights up to it.
type choice struct {
	event *Event
	upTo  float64
}

var opened [len(isa.Configs)]struct {
	once sync.Once
	set  *Set
	err  error
}

// Of returns what comes with the program for a configuration; there may be no blocks in it. Sites
// are those of the table with or without a code on the RAM, whose flops are the same.
func Of(c isa.Config) (*Set, error) {
	k := slices.Index(isa.Configs[:], c)
	if k < 0 {
		return nil, fmt.Errorf("no configuration %v", c)
	}
	o := &opened[k]
	o.once.Do(func() {
		data, err := fs.ReadFile(embedded, "events/"+c.String()+".json.gz")
		if err != nil {
			o.err = err
			return
		}
		t := netlist.New(c, npu.ECCNone)
		blocks, err := Read(bytes.NewReader(data), t)
		if err != nil {
			o.err = fmt.Errorf("events of pulses on %s: %w", c, err)
			return
		}
		sum := sha256.Sum256(data)
		o.set = NewSet(t, blocks)
		o.set.Digest = hex.EncodeToString(sum[:])
	})
	return o.set, o.err
}

// NewSet makes a set of blocks, which must be of the table.
func NewSet(t *netlist.Table, blocks []*Block) *Set {
	s := &Set{Blocks: blocks, block: map[netlist.SiteID]int{}, at: map[netlist.SiteID][]choice{}}
	for i, b := range blocks {
		for k := range t.Registers {
			if r := &t.Registers[k]; slices.Contains(b.Registers, r.Name) {
				for n := range r.Bits() {
					s.block[r.First+netlist.SiteID(n)] = i
				}
			}
		}
		var sum [2]float64
		for k := range b.Events {
			sum[kindOf(b.Events[k].Active)] += float64(b.Events[k].Weight)
		}
		rate := [2]float64{b.Idle.Value, b.Active.Value}
		for k := range b.Events {
			e := &b.Events[k]
			w := rate[kindOf(e.Active)] * float64(e.Weight) / sum[kindOf(e.Active)] / float64(len(e.Sites))
			for _, id := range e.Sites {
				list := s.at[id]
				up := w
				if n := len(list); n > 0 {
					up += list[n-1].upTo
				}
				s.at[id] = append(list, choice{e, up})
			}
		}
	}
	return s
}

func kindOf(active bool) int {
	if active {
		return 1
	}
	return 0
}

// Block returns the index of the block that a flop belongs to, or false for one that was not
// measured.
func (s *Set) Block(id netlist.SiteID) (int, bool) {
	i, ok := s.block[id]
	return i, ok
}

// Weight is what share of pulses in the block of a flop is captured with this flop as the
// first of those that take it over, which each of them is as often: the sum of both kinds of clocks, idle and
// active. It is 0 where none was seen.
func (s *Set) Weight(id netlist.SiteID) float64 {
	list := s.at[id]
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].upTo
}

// Draw chooses what changes together at a flop, that first, and says in which kind of clock. The
// choice is a function of flop and cycle. It reports false for a flop at which no pulse was captured.
func (s *Set) Draw(id netlist.SiteID, cycle uint64) (sites []netlist.SiteID, active, ok bool) {
	list := s.at[id]
	if len(list) == 0 {
		return nil, false, false
	}
	u := uniform(id, cycle) * s.Weight(id)
	i := sort.Search(len(list)-1, func(i int) bool { return list[i].upTo > u })
	e := list[i].event
	sites = append(make([]netlist.SiteID, 0, len(e.Sites)), id)
	for _, x := range e.Sites {
		if x != id {
			sites = append(sites, x)
		}
	}
	return sites, e.Active, true
}

// uniform is a number in [0, 1) that belongs to a flop and a cycle.
func uniform(id netlist.SiteID, cycle uint64) float64 {
	x := uint64(id)*0x9e3779b97f4a7c15 + cycle*0xd1342543de82ef95 + 0x5e7 // splitmix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

// Places spreads the flops of a block over its sites: as many entries as it has flops, rising, each
// site as often as pulses are captured with it as the first. A block in which nothing was
// captured gives none.
func (s *Set) Places(block int) []netlist.SiteID {
	var sites []netlist.SiteID
	for id, i := range s.block {
		if i == block {
			sites = append(sites, id)
		}
	}
	slices.Sort(sites)
	sum := 0.0
	for _, id := range sites {
		sum += s.Weight(id)
	}
	if sum == 0 {
		return nil
	}
	step := sum / float64(len(sites))
	var out []netlist.SiteID
	at, next := 0.0, step/2
	for _, id := range sites {
		at += s.Weight(id)
		for ; next < at && len(out) < len(sites); next += step {
			out = append(out, id)
		}
	}
	for len(out) < len(sites) { // rounding at the end
		out = append(out, out[len(out)-1])
	}
	return out
}
