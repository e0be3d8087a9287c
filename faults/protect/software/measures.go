package software

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"upset/models/network"
)

// Names of the measures, as [Parse] reads them.
const (
	none   = "none"
	reset  = "reset"
	twice  = "twice"
	moved  = "moved"
	known  = "known" // with the number of frames behind it
	retry  = "retry"
	joiner = "+"
)

// knownEvery are the distances of known-answer inferences that are tried, in frames (our
// choice).
var knownEvery = []int{1, 4, 16}

// Name is the form that [Parse] reads, for example reset+twice+known4.
func Name(m network.Measures) string {
	var parts []string
	for _, p := range []struct {
		on   bool
		name string
	}{{m.Reset, reset}, {m.Twice, twice}, {m.Moved, moved}, {m.KnownAnswer > 0, known + strconv.Itoa(m.KnownAnswer)}, {m.Retry, retry}} {
		if p.on {
			parts = append(parts, p.name)
		}
	}
	if parts == nil {
		return none
	}
	return strings.Join(parts, joiner)
}

// Parse reads measures joined by plus signs: reset, twice, moved, knownN, retry; or none.
// Moved goes with twice.
func Parse(text string) (m network.Measures, err error) {
	if text == none {
		return m, nil
	}
	for _, p := range strings.Split(text, joiner) {
		switch every, isKnown := strings.CutPrefix(p, known); {
		case p == reset:
			m.Reset = true
		case p == twice:
			m.Twice = true
		case p == moved:
			m.Moved = true
		case p == retry:
			m.Retry = true
		case isKnown:
			if m.KnownAnswer, err = strconv.Atoi(every); err != nil || m.KnownAnswer < 1 || m.KnownAnswer > network.MaxFrames {
				return m, fmt.Errorf("measure %q: a known-answer inference goes before every 1 to %d frames, for example known4", p, network.MaxFrames)
			}
		default:
			return m, fmt.Errorf("unknown measure %q: join some of reset, twice, moved, known4 and retry by +, for example reset+twice", p)
		}
	}
	if m.Moved && !m.Twice {
		return m, fmt.Errorf("measures %q: only a second run can be at other addresses: write twice+moved", text)
	}
	return m, nil
}

// predicted is the time of a sequence in terms of a plain one: runs ÷ frames, where a
// reset and the copies of a moved run count for next to nothing. It gives the order in
// which combinations are tried; what is reported was simulated.
func predicted(m network.Measures, frames int) float64 {
	const little = 1e-3
	t := 1.0
	if m.Twice {
		t = 2
	}
	if m.KnownAnswer > 0 {
		t += float64((frames+m.KnownAnswer-1)/m.KnownAnswer) / float64(frames)
	}
	for _, on := range []bool{m.Reset, m.Moved, m.Retry} {
		if on {
			t += little
		}
	}
	return t
}

// Combinations are those that are tried over a sequence of frames, the quickest first:
// all of reset, running twice or twice and moved, and known-answer inferences at
// distances that fit the sequence. To run once more what the NPU has stopped changes what
// is reported, not what goes wrong, so that it is tried only where stops have a budget, and
// with reset: without it the NPU goes on in another state than an NPU that was never
// reset, of which it cannot be told within a few inferences that it does no harm.
func Combinations(frames int, stops bool) (list []network.Measures) {
	every := []int{0}
	for _, n := range knownEvery {
		if n <= frames {
			every = append(every, n)
		}
	}
	for _, again := range []bool{false, true} {
		for _, afresh := range []bool{false, true} {
			for _, runs := range []network.Measures{{}, {Twice: true}, {Twice: true, Moved: true}} {
				for _, n := range every {
					m := runs
					m.Reset, m.KnownAnswer, m.Retry = afresh, n, again
					if !again || stops && afresh {
						list = append(list, m)
					}
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b network.Measures) int {
		return cmp.Compare(predicted(a, frames), predicted(b, frames))
	})
	return list
}
