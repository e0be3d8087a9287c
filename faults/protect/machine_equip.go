package protect

import (
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/npu"
)

// Equip gives the checkers of a design what the compiler knows of the engine's
// program: the CRC of every stream of weights and the lengths of its jobs. The watchdog
// of a design expires with that of the engine.
func Equip(e *engine.Engine, d *mechanism.Design) error {
	if !d.Watches() {
		return nil
	}
	m, err := e.Begin(0)
	if err != nil {
		return err
	}
	jobs := mechanism.Jobs{Begins: e.Begins()}
	for k := range jobs.Begins {
		jobs.Limits = append(jobs.Limits, e.WatchdogOf(k))
	}
	if p := e.Program(); len(jobs.Begins) > 1 {
		jobs.At = func(m *npu.Machine) int { return p.Job(m.Mem) }
	}
	c := mechanism.Compile(m, jobs)
	if m, err = e.Begin(0); err != nil {
		return err
	}
	c.Follow(m)
	d.Equip(c)
	return nil
}
