package engine

import (
	"fmt"

	"upset/faults"
	"upset/netlist"
	"upset/npu"
)

// hit lists the cells of the event at a site of a machine with a mechanism, whose own
// bits the guard knows.
func (e *Engine) hit(s faults.Site, guard faults.Guard) ([]netlist.SiteID, error) {
	m := e.options.Model
	switch {
	case m.Kind == faults.SET && takesPulses(guard):
		return e.pulse(s), nil
	case m.Kind != faults.SEU && !m.Several():
		return nil, fmt.Errorf("%s faults beside a mechanism are not simulated: choose the fault model seu, pair or mcu", m.Kind)
	case m.Kind == faults.SEU:
		return []netlist.SiteID{s.ID}, nil
	case int(s.ID) >= e.table.Bits():
		return guard.Beside(s.ID, m.Struck(s)), nil
	}
	return m.Cells(e.table, s)
}

// flip applies an event to a machine and returns the value of the site before and
// after.
func (e *Engine) flip(m *npu.Machine, s faults.Site) (before, after uint8, cells []netlist.SiteID, err error) {
	if e.options.Model.Kind == faults.SEU {
		before, after, err = e.table.Flip(m, s.ID)
		return before, after, nil, err
	}
	if e.options.Model.Kind == faults.SET {
		cells = e.pulse(s)
	} else if cells, err = e.options.Model.Cells(e.table, s); err != nil {
		return 0, 0, nil, err
	}
	for i, id := range cells {
		b, a, err := e.table.Flip(m, id)
		if err != nil {
			return 0, 0, nil, err
		}
		if i == 0 {
			before, after = b, a
		}
	}
	return before, after, cells, nil
}
