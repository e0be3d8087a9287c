package npu

// Timing describes a memory as the NPU's clock sees it.
type Timing struct {
	BeatInterval int // cycles per 64-bit beat
	ReadLatency  int // cycles from an accepted request to the first beat
	WriteLatency int // cycles from the last beat to the response

	// Permille is what a beat takes beyond BeatInterval on average, in thousandths of a
	// cycle. Which beats of a run take a cycle more depends on their address alone.
	Permille int `json:",omitzero"`

	Adapter Adapter `json:",omitzero"`
}

// interval is the cycles that the beat at an address takes.
func (t *Timing) interval(addr uint32) uint64 {
	if t.Permille == 0 {
		return uint64(t.BeatInterval)
	}
	i, f := uint64(addr>>3), uint64(t.Permille)
	return uint64(t.BeatInterval) + (i+1)*f/1000 - i*f/1000
}

// System is the platform around the NPU.
type System struct {
	SRAM, Flash Timing
	Limits      Limits // zero values stand for the defaults
	DRAM        Timing `json:",omitzero"`
	Map         Map    `json:",omitzero"`
}

// DefaultSystem is Vela 3.10's Ethos_U55_High_End_Embedded: SRAM at the NPU's
// clock with 32 cycles of latency, off-chip flash at an eighth of the bandwidth
// with 64 cycles.
func DefaultSystem() System {
	return System{
		SRAM:   Timing{BeatInterval: 1, ReadLatency: 32, WriteLatency: 32},
		Flash:  Timing{BeatInterval: 8, ReadLatency: 64, WriteLatency: 64},
		Limits: DefaultLimits(),
	}
}
