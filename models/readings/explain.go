package readings

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"upset/stats/result"
)

// Names of explanations.
const (
	partialWrites   = "partial_writes"
	moreBeats       = "more_beats"
	scatteredWrites = "scattered_writes"
	weightBound     = "weight_bound"
	startUp         = "start_up"
	idle            = "idle"
)

// What makes an operation a suspect.
const (
	busyShare      = 0.8 // of an operation's cycles with a read under way on port 1; our choice
	calmShare      = 0.1 // of its cycles without a product or an output; our choice
	scatteredBeat  = 5   // cycles; inferred from Arm's simulator, where a pool that writes single bytes takes about as many a beat
	scatteredTimes = 2   // times the beats that the data fill; our choice
	maxSuspects    = 12  // our choice
)

// cycleReasons are the explanations of active cycles in the order in which they are told.
var cycleReasons = []string{moreBeats, scatteredWrites, weightBound, startUp}

// explainer holds the differences of a reading and what each operation could add.
type explainer struct {
	counters   []result.Counter
	operations []Operation
	cycles     int64    // reading less ours
	written    [2]int64 // the same by port
	least      []int64  // beats that an operation writes at least
	most       []int64  // and at most
}

func newExplainer(counters []result.Counter, operations []Operation) *explainer {
	x := &explainer{counters: counters, operations: operations, cycles: difference(counters, active)}
	for p, name := range writtenBeats {
		x.written[p] = difference(counters, name)
	}
	for i := range operations {
		o := &operations[i]
		n := o.Written[0] + o.Written[1]
		least, most := n, n
		if o.Decoded != nil {
			least, most = writtenRange(o.Decoded)
		}
		x.least, x.most = append(x.least, min(least, n)), append(x.most, max(most, n))
	}
	return x
}

// writeRoom is how many beats more, or less, an operation may write on a port.
func (x *explainer) writeRoom(i, port int) int64 {
	o := &x.operations[i]
	switch n := o.Written[0] + o.Written[1]; {
	case o.Written[port] == 0 || x.written[port] == 0:
		return 0
	case x.written[port] > 0:
		return x.most[i] - n
	default:
		return n - x.least[i]
	}
}

// scattered reports an operation whose pixels, each written alone, take many more beats
// than their data fill.
func (x *explainer) scattered(i int) bool {
	o := &x.operations[i]
	return o.Decoded != nil && !o.Decoded.OFM.Brick && x.most[i] >= scatteredTimes*max(1, x.least[i])
}

// bound reports an operation that waits for what comes through port 1.
func (x *explainer) bound(i int) bool {
	o := &x.operations[i]
	return o.Read[1] > 0 && float64(o.Busy) >= busyShare*float64(o.Cycles)
}

// cycleRoom is how many cycles could be others by each explanation.
func (x *explainer) cycleRoom(i int) map[string]int64 {
	room, o := map[string]int64{}, &x.operations[i]
	if x.cycles == 0 {
		return room
	}
	for p := range writtenBeats {
		if n := x.writeRoom(i, p); n > 0 && (x.written[p] > 0) == (x.cycles > 0) {
			room[moreBeats] += n
		}
	}
	if x.cycles > 0 && x.scattered(i) {
		room[scatteredWrites] = (scatteredBeat - 1) * x.most[i]
	}
	if x.bound(i) {
		room[weightBound] = o.Read[1]
	} else if o.Calm > 0 && float64(o.Calm) >= calmShare*float64(o.Cycles) {
		room[startUp] = o.Calm
	}
	return room
}

// explanations sums up over all operations.
func (x *explainer) explanations() []result.Explanation {
	list := []result.Explanation{}
	for p, name := range writtenBeats {
		e := result.Explanation{Name: partialWrites, Counter: name, Difference: x.written[p],
			Meaning: "whole bricks of 16 channels, or a beat for every part of a pixel, against beats that are full"}
		for i := range x.operations {
			if n := x.writeRoom(i, p); n > 0 {
				e.Operations, e.AtMost = e.Operations+1, e.AtMost+n
			}
		}
		if e.Operations > 0 {
			list = append(list, e)
		}
	}
	sum := map[string]*result.Explanation{}
	var beats, busy int64
	for i := range x.operations {
		for name, n := range x.cycleRoom(i) {
			if sum[name] == nil {
				sum[name] = &result.Explanation{Name: name, Counter: active, Difference: x.cycles}
			}
			sum[name].Operations++
			sum[name].AtMost += n
			if name == weightBound {
				beats, busy = beats+x.operations[i].Read[1], busy+x.operations[i].Busy
			}
		}
	}
	for name, meaning := range map[string]string{
		moreBeats:       "a cycle for each beat that is written besides, or less",
		scatteredWrites: fmt.Sprintf("%d cycles for each beat where pixels that are written alone fill less than half of their beats", scatteredBeat),
		startUp:         "cycles in which an operation that does not wait for port 1 neither multiplies nor puts anything out: none of them, or twice as many",
	} {
		if e := sum[name]; e != nil {
			e.Meaning = meaning
		}
	}
	if e := sum[moreBeats]; e != nil {
		e.AtMost = min(e.AtMost, abs(x.written[0])+abs(x.written[1]))
	}
	if e := sum[weightBound]; e != nil {
		each := float64(busy) / float64(beats)
		e.Meaning = fmt.Sprintf("a cycle for each beat of port 1 where operations wait for them: %.2f cycles a beat here, latency included; %.2f would be the whole difference",
			each, each+float64(x.cycles)/float64(beats))
	}
	for _, name := range cycleReasons {
		if sum[name] != nil {
			list = append(list, *sum[name])
		}
	}
	if d := difference(x.counters, "cycle"); d > 0 {
		i := slices.IndexFunc(x.counters, func(c result.Counter) bool { return c.Name == "npu_idle" })
		if i >= 0 && x.counters[i].Reading > 0 {
			list = append(list, result.Explanation{Name: idle, Counter: "cycle", Difference: d, AtMost: x.counters[i].Reading,
				Meaning: "idle cycles of the reading before and after the network, which the machine does not have"})
		}
	}
	return list
}

// suspects ranks the operations: first those whose room covers most of the differences,
// then those that would have to change least.
func (x *explainer) suspects() []result.Suspect {
	type ranked struct {
		result.Suspect
		share, least float64
	}
	list := []ranked{}
	for i := range x.operations {
		o := &x.operations[i]
		s := ranked{Suspect: result.Suspect{Index: o.Index, Name: o.Name, Kind: o.Kind, Cycles: o.Cycles, Written: o.Written[0] + o.Written[1],
			Needed: map[string]float64{}, Room: map[string]int64{}, Points: []string{}}, least: math.Inf(1)}
		need := func(counter string, own, room int64) {
			d := difference(x.counters, counter)
			if d == 0 || own == 0 {
				return
			}
			s.Needed[counter] = float64(d) / float64(own)
			s.least = min(s.least, math.Abs(s.Needed[counter]))
			if room > 0 {
				s.Room[counter] = room
				s.share += min(1, float64(room)/math.Abs(float64(d)))
			}
		}
		rooms, total := x.cycleRoom(i), int64(0)
		for _, name := range cycleReasons {
			if n := rooms[name]; n > 0 {
				total += n
				s.Points = append(s.Points, name)
			}
		}
		need(active, o.Cycles, total)
		for p := range readBeats {
			need(readBeats[p], o.Read[p], 0)
			room := x.writeRoom(i, p)
			if o.Decoded != nil { // the beats of a DMA follow from its length
				need(writtenBeats[p], o.Written[p], room)
			}
			if room > 0 && !slices.Contains(s.Points, partialWrites) {
				s.Points = append(s.Points, partialWrites)
			}
		}
		if len(s.Needed) > 0 {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return cmp.Or(cmp.Compare(b.share, a.share), cmp.Compare(a.least, b.least)) })
	out := []result.Suspect{}
	for _, s := range list[:min(len(list), maxSuspects)] {
		out = append(out, s.Suspect)
	}
	return out
}

func abs(n int64) int64 { return max(n, -n) }
