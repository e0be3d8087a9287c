package stream

// Noted is what the fault-free run adds to a stream.
type Noted struct {
	MostReads, MostWrites [2]uint8
	Begins                []uint64
	Cycles                uint64
	Wrote                 [2]bool
}

// Noted is what the fault-free run has added.
func (f *Stream) Noted() Noted { return Noted{f.mostReads, f.mostWrites, f.Begins, f.Cycles, f.Wrote} }

// SetNoted adds what a fault-free run of the same program added to its stream.
func (f *Stream) SetNoted(n Noted) {
	f.mostReads, f.mostWrites, f.Begins, f.Cycles, f.Wrote = n.MostReads, n.MostWrites, n.Begins, n.Cycles, n.Wrote
}
