package stream

import (
	"sort"

	"upset/npu"
)

// JobAt is the job under way in a fault-free state.
func (f *Stream) JobAt(s *npu.Flops) int {
	if len(f.Begins) < 2 {
		return 0
	}
	at := s.Bus.Cycle
	if total := f.Cycles; at >= total && s.CC.Run != 0 { // an inference behind the first
		at -= total
	}
	return sort.Search(len(f.Begins), func(k int) bool { return f.Begins[k] > at }) - 1
}

// Where is the word of the streams that the controller executes next in a fault-free
// state, counted over all jobs.
func (f *Stream) Where(s *npu.Flops) int {
	k := position(&s.CC)
	if len(f.Begins) < 2 {
		return k
	}
	j := &f.program.Jobs[f.JobAt(s)]
	return j.First + min(k, j.Words-1)
}

// SameJob reports whether a machine is at the same job as a fault-free state.
func (f *Stream) SameJob(m *npu.Machine, s *npu.Flops) bool {
	return len(f.Begins) < 2 || f.program.Job(m.Mem) == f.JobAt(s)
}

// position is the word of the stream that the controller executes next.
func position(cc *npu.CCState) int {
	if cc.Parse != 0 {
		return int(cc.QRead / 4)
	}
	return int(cc.Offset / 4)
}
