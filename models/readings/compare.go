package readings

import (
	"slices"
	"strings"

	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// Operation is what the machine did for one operation. A DMA has no Decoded.
type Operation struct {
	Index   int
	Name    string
	Kind    string
	Cycles  int64
	Read    [2]int64 // beats by port, of the cycles that belong to the operation
	Written [2]int64 // beats by port, of this operation's own output
	// Busy is the cycles of the operation in which a read was under way on port 1, Calm
	// those in which neither the array multiplied nor the output stage put anything out.
	Busy, Calm int64
	Decoded    *isa.Decoded
}

// Log stands for who read the counters of a log.
const Log = "log"

// Counters that operations can explain: cycles, and beats by port.
const active = "npu_active"

var (
	readBeats    = [2]string{"axi0_rd_data_beat_received", "axi1_rd_data_beat_received"}
	writtenBeats = [2]string{"axi0_wr_data_beat_written", "axi1_wr_data_beat_written"}
)

// Compare sets a reading beside the events of a run and says which of its operations
// could explain a difference.
func Compare(r *Reading, events *[npu.NumEvents]uint64, operations []Operation) *result.Reading {
	out := &result.Reading{Name: r.Name, ReadBy: r.ReadBy, Ignored: r.Ignored, Counters: []result.Counter{}}
	if out.ReadBy == "" {
		out.ReadBy = Log
	}
	for _, e := range npu.PublicEvents {
		v, ok := r.Counters[e.Name]
		if !ok {
			continue
		}
		c := result.Counter{Name: e.Name, Reading: int64(v)}
		if ev, counted := npu.EventOf(e.Number); counted {
			ours := int64(events[ev])
			c.Ours = &ours
			c.Differs = strings.Contains(e.Name, "_beat_") && !strings.HasSuffix(e.Name, "stalled") && ours != c.Reading
			if c.Reading > 0 {
				ratio := float64(ours) / float64(c.Reading)
				c.Ratio = &ratio
			}
		}
		out.Counters = append(out.Counters, c)
	}
	x := newExplainer(out.Counters, operations)
	out.Explanations, out.Operations = x.explanations(), x.suspects()
	return out
}

// difference is the reading less ours of a counter; 0 where either is missing.
func difference(list []result.Counter, name string) int64 {
	i := slices.IndexFunc(list, func(c result.Counter) bool { return c.Name == name })
	if i < 0 || list[i].Ours == nil {
		return 0
	}
	return list[i].Reading - *list[i].Ours
}

// writtenRange is how many beats the output of an operation takes at least, if every
// beat is full, and at most, if a brick is always written whole and without bricks every
// pixel opens its own beats.
func writtenRange(d *isa.Decoded) (least, most int64) {
	pixels := int64(d.OFMH) * int64(d.OFMW)
	bytes := int64(d.OFM.Bytes)
	least = ceil(pixels*int64(d.OFMD)*bytes, beatBytes)
	if d.OFM.Brick {
		return least, pixels * ceil(int64(d.OFMD), isa.BrickDepth) * isa.BrickDepth * bytes / beatBytes
	}
	for y := range d.OFMH {
		for x := range d.OFMW {
			for c := 0; c < d.OFMD; c += isa.BrickDepth {
				a := int64(d.OFM.Addr(y, x, c) % beatBytes)
				most += ceil(a+int64(min(isa.BrickDepth, d.OFMD-c))*bytes, beatBytes)
			}
		}
	}
	return least, max(least, most)
}

const beatBytes = 8 // width of an AXI port: 64 bits (Arm U55 technical reference manual)

func ceil(n, d int64) int64 { return (n + d - 1) / d }
