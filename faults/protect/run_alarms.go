package protect

import (
	"context"
	"fmt"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/stats"
	"upset/stats/result"
)

// Bounds of the alarms of a proof up to which all are injected again (our choice: about
// two seconds on a small network, and a quarter of a minute on one that takes ten million cycles):
// as many inferences as take so many cycles. Of more, every second, third … record of each
// stratum counts.
const (
	alarmsMost   = 2000
	alarmsLeast  = 200
	alarmsCycles = 3_000_000_000
)

// alarmsOf is the bound for an inference of so many cycles.
func alarmsOf(cycles uint64) int {
	return int(min(alarmsMost, max(alarmsLeast, alarmsCycles/max(1, cycles))))
}

// Sorts of alarms.
const (
	alarmTrue = iota
	alarmFalse
	alarmOther
	alarmSorts
)

// sorter is a bench that can tell true alarms of a proof from false ones.
type sorter interface {
	// Alarms judges the alarms of the proof that was run with these arguments.
	Alarms(ctx context.Context, d *mechanism.Design, spec campaign.Spec, attempt int, q campaign.Question) ([]result.Alarms, error)
}

// sortAlarms tells true alarms of the last proof from false ones.
func (r *run) sortAlarms(ctx context.Context) error {
	for i, p := range r.last.plans {
		n := r.nets[i]
		b, ok := n.bench.(sorter)
		if !ok {
			continue
		}
		list, err := b.Alarms(ctx, r.last.d, n.proofSpec(p), p.Attempt, campaignQuestion(r.o))
		if err != nil {
			return fmt.Errorf("alarms of proof %d: %w", p.Attempt, err)
		}
		r.out.Alarms = append(r.out.Alarms, list...)
	}
	if len(r.out.Alarms) == 1 {
		r.out.Alarms[0].Model = "" // there are no others
	}
	return nil
}

// Alarms injects the alarmed upsets of a proof again into the machine without the
// mechanisms. The confidence of each limit is that of the question.
func (b engineBench) Alarms(ctx context.Context, d *mechanism.Design, spec campaign.Spec, attempt int, q campaign.Question) ([]result.Alarms, error) {
	e, err := b.engine(d)
	if err != nil {
		return nil, err
	}
	s, err := campaign.Load(b.proofDir(attempt, spec.Seed))
	if err != nil {
		return nil, err
	}
	out := result.Alarms{Model: s.Spec.Model}
	for _, r := range s.Records {
		if r.Outcome == faults.Detected {
			out.Alarms++
		}
	}
	most := alarmsOf(e.Cycles())
	every := max(1, (out.Alarms+most-1)/most)
	taken, err := s.Thinned(every)
	if err != nil {
		return nil, err
	}
	const repeat = -2
	sorts := make([]int, len(s.Records))
	for i, r := range s.Records {
		switch {
		case !taken[i] || r.Outcome != faults.Detected:
			sorts[i] = -1
		case int(r.Site.ID) >= e.Table().Bits():
			sorts[i] = alarmFalse // without the mechanism there is no such flop
		default:
			sorts[i] = repeat
		}
	}
	at := -1
	wanted := func(faults.Record) bool {
		at++
		return sorts[at] == repeat
	}
	found := make([]int, len(sorts)) // workers write to elements of their own
	if err := again(ctx, e, nil, s.Records, wanted, b.o.repeats(), nil, func(i int, bare faults.Record) {
		found[i] = sortOf(bare, s.Spec, q)
	}); err != nil {
		return nil, err
	}
	for i := range sorts {
		if sorts[i] == repeat {
			sorts[i] = found[i]
		}
	}
	countAlarms(&out, s.Records, sorts)
	if err := rateAlarms(&out, s, sorts, taken, q.Question); err != nil {
		return nil, err
	}
	return []result.Alarms{out}, nil
}

// sortOf is the sort of an alarm by what the upset does without the mechanisms.
func sortOf(bare faults.Record, s campaign.Spec, q campaign.Question) int {
	n := q.Deadline.Count(bare)
	switch {
	case n.Violating(q.Violation, !s.NoWatchdog, s.AssumeReload) > 0:
		return alarmTrue
	case n.Masked+n.Corrected > 0, n.Latent > 0: // latent violates unless a reload is assumed
		return alarmFalse
	}
	return alarmOther
}

// countAlarms counts the sorted alarms, also by mechanism in the order of kinds.
func countAlarms(out *result.Alarms, records []faults.Record, sorts []int) {
	var counts [mechanism.NumKinds][alarmSorts]int
	for i, sort := range sorts {
		if sort >= 0 {
			counts[records[i].Alarm%uint8(mechanism.NumKinds)][sort]++
		}
	}
	out.ByMechanism = []result.AlarmCount{}
	for k, n := range counts {
		out.True, out.False, out.Other = out.True+n[alarmTrue], out.False+n[alarmFalse], out.Other+n[alarmOther]
		if n != [alarmSorts]int{} {
			out.ByMechanism = append(out.ByMechanism, result.AlarmCount{Mechanism: mechanism.Kind(k).String(), True: n[alarmTrue], False: n[alarmFalse], Other: n[alarmOther]})
		}
	}
	out.Repeated = out.True + out.False + out.Other
}

// rateAlarms fills in the rate of each sort.
func rateAlarms(out *result.Alarms, s *campaign.Stored, sorts []int, taken []bool, q stats.Question) error {
	lists, err := s.Sorted(alarmSorts, sorts, taken)
	if err != nil {
		return err
	}
	rates := stats.Rates{Flop: q.Scenario.Flop, SRAM: q.Scenario.SRAM, Duty: q.Duty}
	for sort, to := range [alarmSorts]*result.Limits{&out.FITTrue, &out.FITFalse, &out.FITOther} {
		t, err := stats.ResidualFIT(lists[sort], rates, stats.ViolationAny, false, q.Confidence)
		if err != nil {
			return err
		}
		*to = limits(t)
	}
	return nil
}

// Alarms judges the alarms of every network of a mix. Rates are those of each network
// while it runs.
func (b mixBench) Alarms(ctx context.Context, d *mechanism.Design, spec campaign.Spec, attempt int, q campaign.Question) (out []result.Alarms, err error) {
	for k, n := range b.nets {
		s, ok := n.bench.(sorter)
		if !ok {
			continue
		}
		list, err := s.Alarms(ctx, d, b.own(k, d, spec, attempt), attempt, q)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// latencies joins those of the proofs of several networks.
func latencies(list []*proven, nets []subject) (out []result.Latency) {
	for i, p := range list {
		if len(list) > 1 {
			named(p.latencies, nets[i].stored.Spec.Model)
		}
		out = append(out, p.latencies...)
	}
	return out
}

// named says which network latencies are of.
func named(list []result.Latency, model string) {
	for i := range list {
		list[i].Model = model
	}
}
