package mechanism

import "upset/npu"

// watchdog counts the clocks of an inference down from a limit that the driver
// gives, and raises the alarm at zero.
type watchdog struct {
	limit uint64
	count uint64
	start uint64 // cycle at which the inference began
}

// counterBits is the width of the watchdog's counter: 2^32 clocks are 8 s at
// 500 MHz (our choice).
const counterBits = 32

func (w *watchdog) regs() []reg { return []reg{{"count", counterBits, &w.count}} }

// left is the count of a fault-free counter.
func (w *watchdog) left(m *npu.Machine) uint64 {
	return (w.limit - min(w.limit, m.Cycle()-w.start)) & mask(counterBits)
}

func (w *watchdog) sync(m *npu.Machine)        { w.start = 0; w.count = w.left(m) }
func (w *watchdog) agrees(m *npu.Machine) bool { return w.count == w.left(m) }
func (w *watchdog) before(*npu.Machine) bool   { return w.limit != 0 && w.count <= 1 }

func (w *watchdog) after(*npu.Machine) bool {
	if w.count > 0 {
		w.count--
	}
	return false
}

// restart is what the driver does when it starts another inference.
func (w *watchdog) restart(m *npu.Machine) {
	w.start, w.count = m.Cycle(), w.limit&mask(counterBits)
}
