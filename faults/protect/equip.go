package protect

import (
	"upset/faults"
	"upset/faults/mechanism"
)

// Equip gives the checkers of a design what the compiler knows of the engine's
// program: the CRC of every stream of weights and the length of an inference. The
// watchdog of a design expires with that of the engine.
func Equip(e *faults.Engine, d *mechanism.Design) error {
	if !d.Watches() {
		return nil
	}
	m, err := e.Begin(0)
	if err != nil {
		return err
	}
	c := mechanism.Compile(m, e.Watchdog())
	if m, err = e.Begin(0); err != nil {
		return err
	}
	c.Follow(m)
	d.Equip(c)
	return nil
}
