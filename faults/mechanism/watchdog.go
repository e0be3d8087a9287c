package mechanism

import "upset/npu"

// Jobs are the command streams of a program as its driver arms a watchdog for them, one
// by one.
type Jobs struct {
	Begins []uint64               // cycles at which they begin in a fault-free run
	Limits []uint64               // clocks that each may take
	At     func(*npu.Machine) int // the one under way; nil where there is one
}

// at is the job under way, 0 where the host has lost count.
func (j *Jobs) at(m *npu.Machine) int {
	if j.At == nil {
		return 0
	}
	return max(0, min(j.At(m), len(j.Limits)-1))
}

// watchdog counts the clocks of a job down from a limit that the driver gives, and raises
// the alarm at zero.
type watchdog struct {
	jobs  Jobs // none: it is never armed
	limit uint64
	count uint64
	start uint64 // cycle at which the job began
}

// counterBits is the width of the watchdog's counter: 2^32 clocks are 8 s at
// 500 MHz (our choice).
const counterBits = 32

func (w *watchdog) regs() []reg { return []reg{{"count", counterBits, &w.count}} }

// left is the count of a fault-free counter.
func (w *watchdog) left(m *npu.Machine) uint64 {
	return (w.limit - min(w.limit, m.Cycle()-w.start)) & mask(counterBits)
}

func (w *watchdog) sync(m *npu.Machine) {
	if len(w.jobs.Limits) > 0 {
		k := w.jobs.at(m)
		w.start, w.limit = w.jobs.Begins[k], w.jobs.Limits[k]
	}
	w.count = w.left(m)
}
func (w *watchdog) agrees(m *npu.Machine) bool { return w.count == w.left(m) }
func (w *watchdog) before(*npu.Machine) bool   { return w.limit != 0 && w.count <= 1 }

func (w *watchdog) after(*npu.Machine) bool {
	if w.count > 0 {
		w.count--
	}
	return false
}

// restart is what the driver does when it starts another job.
func (w *watchdog) restart(m *npu.Machine) {
	if len(w.jobs.Limits) > 0 {
		w.limit = w.jobs.Limits[w.jobs.at(m)]
	}
	w.start, w.count = m.Cycle(), w.limit&mask(counterBits)
}
