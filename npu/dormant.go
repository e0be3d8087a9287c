package npu

// Some registers are only counted on, by steps that do not depend on their value, and
// compared with a bound now and then: what an upset has added to one stays added, and
// shows in nothing else before a comparison comes out otherwise.

// Dormant is such a register.
type Dormant struct {
	Name  string // of the register in the inventory
	Width int
	Of    func(f *Flops) *uint32

	// Held says, of a fault-free state in which the register holds v, that nobody has been
	// able to tell up to there that it holds w instead.
	Held func(m *Limits, f *Flops, v, w uint32) bool

	// Loaded tells apart the times at which the register is loaded within an operation: it
	// is equal in two states only if there was none in between. Unit names the bank of the
	// operation, where it is one; Transfer says that it is a transfer.
	Loaded   func(f *Flops) uint64
	Unit     func(f *Flops) uint8
	Transfer bool
}

// Sum is the value that the register holds with some more, as far as it is wide.
func (d *Dormant) Sum(v, more uint32) uint32 { return (v + more) & (^uint32(0) >> (32 - d.Width)) }

// Add adds some more to the register.
func (d *Dormant) Add(f *Flops, more uint32) {
	v := d.Of(f)
	*v = d.Sum(*v, more)
}

// never is for a register that is not loaded during an inference.
func never(*Flops) uint64 { return 0 }

// Dormants lists them. TestDormantRegisters holds the list against the machine.
var Dormants = []Dormant{
	{Name: "dma.cmdleft", Width: 29, Of: func(f *Flops) *uint32 { return &f.DMA.CmdLeft }, Loaded: never,
		Held: func(l *Limits, f *Flops, v, w uint32) bool { return min(v, w) >= cmdDepth }},
	{Name: "cc.offset", Width: 32, Of: func(f *Flops) *uint32 { return &f.CC.Offset }, Loaded: never,
		Held: func(l *Limits, f *Flops, v, w uint32) bool { return max(v, w) < f.CC.QSize }},
	{Name: "cc.qsize", Width: 32, Of: func(f *Flops) *uint32 { return &f.CC.QSize }, Loaded: never,
		Held: func(l *Limits, f *Flops, v, w uint32) bool { return f.CC.Offset < min(v, w) }},
	{Name: "dma.wgt.passes", Width: 32, Of: func(f *Flops) *uint32 { return &f.DMA.Wgt.Passes }, Loaded: never,
		Held: func(l *Limits, f *Flops, v, w uint32) bool { return f.DMA.Wgt.more(v, w) }, Unit: func(f *Flops) uint8 { return f.DMA.Wgt.Bank }},
	{Name: "dma.scl.passes", Width: 32, Of: func(f *Flops) *uint32 { return &f.DMA.Scl.Passes }, Loaded: never,
		Held: func(l *Limits, f *Flops, v, w uint32) bool { return f.DMA.Scl.more(v, w) }, Unit: func(f *Flops) uint8 { return f.DMA.Scl.Bank }},
	{Name: "dma.wgt.left", Width: 29, Of: func(f *Flops) *uint32 { return &f.DMA.Wgt.Left }, Loaded: func(f *Flops) uint64 { return uint64(f.DMA.Wgt.Passes) },
		Held: func(l *Limits, f *Flops, v, w uint32) bool { return f.DMA.Wgt.Active != 0 && min(v, w) >= wgtDepth }, Unit: func(f *Flops) uint8 { return f.DMA.Wgt.Bank }},
	{Name: "dma.scl.left", Width: 29, Of: func(f *Flops) *uint32 { return &f.DMA.Scl.Left }, Loaded: func(f *Flops) uint64 { return uint64(f.DMA.Scl.Passes) },
		Held: func(l *Limits, f *Flops, v, w uint32) bool { return f.DMA.Scl.Active != 0 && min(v, w) >= sclDepth }, Unit: func(f *Flops) uint8 { return f.DMA.Scl.Bank }},
	{Name: "ao.record.left", Width: 32, Of: func(f *Flops) *uint32 { return &f.AOScale.Left }, Loaded: never,
		Held: func(l *Limits, f *Flops, v, w uint32) bool {
			s := &f.AOScale
			return s.On != 0 && (min(v, w) > 0 || s.Drain == 0 || s.Beats > 0)
		}, Unit: func(f *Flops) uint8 { return f.AOScale.Bank }},
	{Name: "dma.m2m.left", Width: 29, Of: func(f *Flops) *uint32 { return &f.DMA.M2M.Left }, Loaded: never, Transfer: true,
		Held: func(l *Limits, f *Flops, v, w uint32) bool {
			return f.DMA.M2M.On != 0 && min(v, w) >= uint32(l.CopyAhead)
		}},
	{Name: "dma.m2m.towrite", Width: 29, Of: func(f *Flops) *uint32 { return &f.DMA.M2M.ToWrite }, Loaded: never, Transfer: true,
		Held: func(l *Limits, f *Flops, v, w uint32) bool { return f.DMA.M2M.On != 0 && min(v, w) > 1 }},
	{Name: "dma.cmdaddr", Width: 32, Of: func(f *Flops) *uint32 { return &f.DMA.CmdAddr }, Loaded: func(f *Flops) uint64 { return uint64(f.DMA.CmdAddr) }, Held: farther},
	{Name: "dma.wgt.addr", Width: 32, Of: func(f *Flops) *uint32 { return &f.DMA.Wgt.Addr }, Loaded: func(f *Flops) uint64 { return f.DMA.Wgt.place() }, Held: farther, Unit: func(f *Flops) uint8 { return f.DMA.Wgt.Bank }},
	{Name: "dma.scl.addr", Width: 32, Of: func(f *Flops) *uint32 { return &f.DMA.Scl.Addr }, Loaded: func(f *Flops) uint64 { return f.DMA.Scl.place() }, Held: farther, Unit: func(f *Flops) uint8 { return f.DMA.Scl.Bank }},
}

// farther reports whether two addresses bound a burst alike: until it is requested, at which
// time the register moves on, they cannot be told apart.
func farther(_ *Limits, _ *Flops, v, w uint32) bool { return (v^w)&(minBurst<<2-1) == 0 }

// more reports whether a channel goes on with a pass, or has one before it, with either
// number of passes.
func (s *Stream) more(v, w uint32) bool { return s.Active != 0 && (min(v, w) > 0 || s.Left > 0) }

// place is where a channel stands in its operation.
func (s *Stream) place() uint64 { return uint64(s.Passes)<<32 | uint64(s.Addr) }
