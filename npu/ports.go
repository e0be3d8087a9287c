package npu

import "upset/npu/isa"

// Units that access the banks of the shared buffer, in the order in which they are
// served: the end of the pipeline first (our choice), so that a unit never waits for
// one that waits for it.
const (
	portOFM    = iota // OFM channel: reads an output buffer
	portCopy          // memory-to-memory channel: writes tables
	portOutput        // output stage: reads sums or operands and tables, writes results
	portStore         // MAC array: writes sums
	portSums          // MAC array: reads sums
	portFetch         // MAC array: reads inputs
	portInput         // IFM channel: writes inputs
	portUnits
)

const (
	portBytes = 16 // width of a bank: 64 rows of 128 bits (our choice; Vela 3.10 publishes 1 KiB, and granules of as many banks as a micro-block has rows of that width)
	maxBanks  = isa.MaxSHRAM / isa.BankBytes
	maxAsked  = 32 // words of a request; the largest: results and two operands of 32 bytes, and 8 lookups in two banks
)

// ports arbitrates the banks where Limits.SharedPorts bounds the accesses of a clock. A
// bank serves the units in their order. A unit whose accesses find a bank taken waits, and
// holds what stands behind it; one that asks for several words of a bank takes as many clocks. It does
// its accesses in the last of them. Nothing here outlives a clock: how many clocks a unit
// has had is in SBState.Wait, and what it asks for follows from its registers.
type ports struct {
	limit int // accesses to a bank in a clock, 0 for any number
	place placement
	banks int

	taken [maxBanks]uint8 // accesses of this clock

	// The request that is being put together: distinct words, and how many of a bank.
	asked [maxAsked]uint32
	n     int
	want  [maxBanks]uint8
}

// Waits counts, for each unit that accesses the shared buffer, the clocks in which it
// waited for a bank.
type Waits struct {
	OFM, Copy, Output, Store, Sums, Fetch, Input uint64
}

func (w *Waits) count(unit int) {
	*[...]*uint64{&w.OFM, &w.Copy, &w.Output, &w.Store, &w.Sums, &w.Fetch, &w.Input}[unit]++
}

// counted reports whether accesses to the banks are bounded.
func (p *ports) counted() bool { return p.limit > 0 }

// ask adds a word of a bank to the request. The lanes of a unit that access the same word
// share one access.
func (p *ports) ask(bank, word int) {
	bank = int(uint(bank) % uint(p.banks))
	id := uint32(bank)<<24 | uint32(word)&(1<<24-1)
	for _, x := range p.asked[:p.n] {
		if x == id {
			return
		}
	}
	if p.n < len(p.asked) {
		p.asked[p.n] = id
		p.n++
		p.want[bank]++
	}
}

// clocks is how many clocks the request takes if no bank is taken.
func (p *ports) clocks() int {
	most := 0
	for _, id := range p.asked[:p.n] {
		most = max(most, int(p.want[id>>24]))
	}
	return ceilDiv(most, p.limit)
}

// drop forgets the request.
func (p *ports) drop() {
	for _, id := range p.asked[:p.n] {
		p.want[id>>24] = 0
	}
	p.n = 0
}

// left is how many accesses to a bank are due in this clock, after so many clocks.
func (p *ports) left(bank uint32, had uint8) int {
	return max(0, min(p.limit, int(p.want[bank])-int(had)*p.limit))
}

// served takes the banks of the request for this clock, if all of them are free, and
// reports whether it is the last clock that the request takes. The unit comes back with
// the same request until then.
func (m *Machine) served(unit int) bool {
	p, had := &m.ports, &m.S.SB.Wait[unit]
	clocks, free := p.clocks(), true
	for _, id := range p.asked[:p.n] {
		free = free && int(p.taken[id>>24])+p.left(id>>24, *had) <= p.limit
	}
	if free {
		for _, id := range p.asked[:p.n] {
			p.taken[id>>24] += uint8(p.left(id>>24, *had))
			p.want[id>>24] = 0 // each bank once
		}
	}
	p.drop()
	switch {
	case !free:
	case int(*had)+1 < clocks:
		*had++
	default:
		*had = 0
		return true
	}
	m.Waits.count(unit)
	return false
}

// stepOver counts the clocks of a step of the output stage and reports whether this is
// its last one. The accesses to the shared buffer are made at the end of a step, which
// lasts longer where they take more clocks or a bank is taken.
func (m *Machine) stepOver(a *AOState, t *Block, p *params) bool {
	if !m.ports.counted() {
		a.Pass++
		return int(a.Pass) >= p.stepPasses(a)
	}
	m.askOutput(a, t, p)
	early := int(a.Pass)+max(1, m.ports.clocks()) < p.stepPasses(a)
	a.Pass = min(a.Pass+1, 15) // passes go on while the accesses wait
	if early {
		m.ports.drop()
		return false
	}
	return m.served(portOutput)
}
