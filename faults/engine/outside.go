package engine

import (
	"upset/faults"
	"upset/npu"
)

// Runs of machines that somebody else steps, such as one in which gates stand in for a
// block. The program must be a single job.

// Engine is the engine that the worker belongs to.
func (w *Worker) Engine() *Engine { return w.e }

// Stand brings the machine that takes the upsets to a cycle of the fault-free run of an
// input, with the watchdog armed, and returns it: it is the caller's to step until the
// worker's next injection.
func (w *Worker) Stand(input int, cycle uint64) *npu.Machine {
	w.seek(w.e.Golden(input), cycle)
	return w.m
}

// Job is the job that the watchdog is armed for on the machine that takes the upsets.
func (w *Worker) Job() int { return w.job }

// Hung reports whether the watchdog ends that job now.
func (w *Worker) Hung() bool { return w.hung() }

// Strike applies the event at a site to a machine.
func (e *Engine) Strike(m *npu.Machine, s faults.Site) error {
	_, _, _, err := e.flip(m, s)
	return err
}

// Judge names the outcome of a run of a machine that [golden.Runs.Begin] made and that has
// stopped, was ended by the watchdog, rests for good or has written outside the arena. The next inference
// is one more of those asked for, as in [Worker.Stuck].
func (w *Worker) Judge(input int, m *npu.Machine) (faults.Outcome, error) {
	if m.S.Bus.Stray != 0 {
		return faults.StrayWrite, nil
	}
	r := faults.Record{Input: uint32(input)}
	p := *w
	p.m, p.e, p.failed = m, w.e.plain(), nil
	p.e.options.AssumeReload = true
	p.classify(&r, w.e.Golden(input), nil)
	return r.Outcome, p.failed
}
