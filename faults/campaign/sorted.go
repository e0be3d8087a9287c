package campaign

import (
	"fmt"

	"upset/stats"
)

// stratumOf finds the stratum of every stored record.
func (s *Stored) stratumOf() ([]int, error) {
	out := make([]int, len(s.Records))
	w := walker{rounds: s.Rounds}
	for j, i := range s.Index {
		var ok bool
		if out[j], ok = w.at(i); !ok || out[j] >= len(s.Frame.Strata) {
			return nil, fmt.Errorf("%w: record %d belongs to no stratum", ErrCorrupt, i)
		}
	}
	return out, nil
}

// Thinned picks one of every so many records of each stratum, and at least one: a
// sample of the sample, since the records of a stratum are draws of their own.
func (s *Stored) Thinned(every int) ([]bool, error) {
	strata, err := s.stratumOf()
	if err != nil {
		return nil, err
	}
	seen := make([]int, len(s.Frame.Strata))
	out := make([]bool, len(s.Records))
	for j, k := range strata {
		out[j] = seen[k]%max(1, every) == 0
		seen[k]++
	}
	return out, nil
}

// Sorted makes exposures of the records that are taken, one list for each of n sorts:
// what it counts are the records of that sort. Record j has the sort sorts[j], or none
// where that is negative. The campaign must have one round, or rounds whose plans do
// not follow the outcomes.
func (s *Stored) Sorted(n int, sorts []int, taken []bool) ([][]stats.Exposure, error) {
	strata, err := s.stratumOf()
	if err != nil {
		return nil, err
	}
	out := make([][]stats.Exposure, n)
	t := newTally(s.Frame, s.Spec)
	for sort := range out {
		out[sort] = make([]stats.Exposure, len(s.Frame.Strata))
		for k, cells := range s.Frame.Strata {
			g := s.Frame.group(cells)
			out[sort][k] = stats.Exposure{Bits: s.Frame.bits(cells), SRAM: g.SRAM, Scale: g.Scale, Exact: t.known(cells)}
		}
	}
	for j, k := range strata {
		if !taken[j] {
			continue
		}
		for sort := range out {
			x := &out[sort][k]
			x.N++
			if sorts[j] == sort {
				x.Any++
				x.Exact = false
			}
		}
	}
	return out, nil
}
