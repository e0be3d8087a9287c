package npu

// Limits are sizes and rates of the NPU that bound how much it does at once. Each
// is at most what the machine's registers are made for: see MaxLimits. A smaller
// value leaves registers unused; their number, and so the inventory, stays.
type Limits struct {
	PortReads      int // reads under way on a port
	PortWrites     int // write bursts under way on a port
	InputAhead     int // beats that the input channel keeps under way
	CopyAhead      int // beats that the memory-to-memory channel keeps under way
	CommandFIFO    int // beats
	WeightFIFO     int
	ScaleFIFO      int
	InputFIFO      int
	CopyFIFO       int
	Weights        int // weights that the decoder emits in a cycle
	PaletteEntries int // palette entries that it reads in a cycle
	Section        int // bytes after which an output buffer is handed on
	Kernels        int // kernel operations under way
	Overlap        int // block jobs of earlier operations beside which one may start: BLOCKDEP counts up to here

	// Accesses to a bank of the shared buffer in a clock, 0 for any number, and what lies in
	// which bank: 0 pixels and micro-blocks, 1 words, 2 consecutive bytes.
	SharedPorts     int `json:",omitzero"`
	SharedPlacement int `json:",omitzero"`
}

// DefaultLimits are those of the reference microarchitecture. No operation starts beside
// an earlier one, whatever its BLOCKDEP: the counters of docs/silicon.md show no sign of an
// overlap, and streams whose BLOCKDEP is too large are right so.
func DefaultLimits() Limits {
	l := MaxLimits()
	l.Overlap = 0
	l.InputAhead, l.CopyAhead = 48, 24
	l.Section = 256
	l.SharedPorts, l.SharedPlacement = 0, int(placePixels)
	return l
}

// maxSharedPorts is the largest number of ports of a bank (our choice: compilers of RAMs
// offer one or two).
const maxSharedPorts = 4

// MaxLimits are the largest values that the registers allow: the tables of the
// ports, the depth of each FIFO, the width of a counter.
func MaxLimits() Limits {
	return Limits{
		PortReads: tableReads, PortWrites: tableWrites, InputAhead: 1<<7 - 1, CopyAhead: 1<<6 - 1,
		CommandFIFO: cmdDepth, WeightFIFO: wgtDepth, ScaleFIFO: sclDepth, InputFIFO: ifmDepth, CopyFIFO: m2mDepth,
		Weights: wdPerCycle, PaletteEntries: wdPalPerStep, Section: 1024, Kernels: maxKernels, Overlap: 3,
		SharedPorts: maxSharedPorts, SharedPlacement: int(placeBytes),
	}
}

// MinLimits are the smallest values with which every network still runs.
func MinLimits() Limits {
	return Limits{
		PortReads: 1, PortWrites: 1, InputAhead: 1, CopyAhead: 2,
		CommandFIFO: 2, WeightFIFO: 1, ScaleFIFO: 2, InputFIFO: 1, CopyFIFO: 1,
		Weights: 1, PaletteEntries: 1, Section: 64, Kernels: 1,
		SharedPorts: 0, SharedPlacement: int(placePixels),
	}
}

// fields lists the limits in the order of their declaration.
func (l *Limits) fields() [16]*int {
	return [...]*int{
		&l.PortReads, &l.PortWrites, &l.InputAhead, &l.CopyAhead, &l.CommandFIFO, &l.WeightFIFO, &l.ScaleFIFO, &l.InputFIFO,
		&l.CopyFIFO, &l.Weights, &l.PaletteEntries, &l.Section, &l.Kernels, &l.Overlap, &l.SharedPorts, &l.SharedPlacement,
	}
}

// bounded returns the limits with the default in the place of zero, within the
// bounds.
func (l Limits) bounded() Limits {
	def, low, high := DefaultLimits(), MinLimits(), MaxLimits()
	d, lo, hi := def.fields(), low.fields(), high.fields()
	for i, v := range l.fields() {
		if *v == 0 {
			*v = *d[i]
		}
		*v = max(*lo[i], min(*v, *hi[i]))
	}
	return l
}
