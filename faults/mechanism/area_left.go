package mechanism

// Sign says how the area that is counted compares with that of an implementation, for
// what is left out.
type Sign string

// Signs.
const (
	TooLow  Sign = "too low"
	TooHigh Sign = "too high"
	Neutral Sign = "no area"
)

// Omission is something that the area of a mechanism leaves out or takes roughly.
type Omission struct {
	What string
	Sign Sign // of the area that is counted
}

// Omissions that several mechanisms have in common.
var (
	selfTest = Omission{"self-test: transient faults need none, but a comparison that is stuck is found by a test only (a flop for the request and an " +
		"exclusive or that inverts one compared bit, 9 GE for every alarm, test the tree behind that bit)", TooLow}
	drivers = Omission{"buffers for the load that the mechanism puts on the registers it reads, clock tree, reset, scan and wiring", TooLow}
	// The comparisons look at the same clock; Cortex-R8 runs its copies apart in time.
	offset = Omission{"delay flops for copies that run apart in time: both run at the same clock, as the simulation has it, so that a common " +
		"cause such as a disturbed clock is not seen", TooLow}
	perRegister = Omission{"a valid condition is counted for every register, also where registers share it", TooHigh}
	oneClock    = Omission{"registers in the tree of the alarms, should one clock not suffice for it", TooLow}
)

// LeftOut lists what the area of a mechanism leaves out, with the sign of the error.
func LeftOut(k Kind) []Omission {
	switch k {
	case HardenLight, Harden:
		return []Omission{
			{"gates made larger because the cell is slower (CLEAR: 1.2 times the delay of the light cell) or loads the clock more", TooLow},
			drivers,
		}
	case Parity, ParityAlways:
		list := []Omission{selfTest, oneClock, drivers}
		if k == Parity {
			list = append(list, perRegister)
		}
		return list
	case ParityInterleaved:
		return []Omission{
			{"wiring of interleaved groups, and parity bits that are placed apart from what they guard", TooLow},
			selfTest, oneClock, drivers, perRegister,
		}
	case Duplicate:
		return []Omission{
			selfTest, offset, drivers,
			{"the coders of the RAM are copied with the shared buffer, the RAM is not; one set would do", TooHigh},
		}
	case Lockstep:
		return []Omission{
			selfTest, offset, drivers,
			{"the performance monitor and the coders of the RAM are copied, which nothing needs", TooHigh},
		}
	case Triplicate:
		return []Omission{
			{"an error flag of the voters: none is claimed, and a broken copy is not seen", Neutral},
			{"copies of a flop placed apart, so that no event hits two of them", TooLow},
			drivers,
		}
	case SECDED:
		return []Omission{
			{"read-modify-write of parts of a word, scrubbing and the count of corrected errors", TooLow},
			selfTest, drivers,
		}
	case Watchdog:
		return []Omission{
			{"the register behind which the driver writes the limit: the counter itself is written", TooLow},
			{"a clock of its own", TooLow}, selfTest, drivers,
		}
	case Residue:
		return []Omission{selfTest, drivers}
	case StreamCRC:
		return []Omission{
			{"decoding of the command that brings the expected value; the command stream grows by 8 bytes for every operation", TooLow},
			selfTest, drivers,
		}
	case Checksum:
		return []Omission{selfTest, drivers, {"maximum pooling is not checked and needs nothing", Neutral}}
	}
	return nil
}

// OffsetCost is the area of delay flops that would keep the copies of lock-step apart
// by a number of clocks: everything that enters the second copy and everything that
// the first one delivers for comparison is held as long.
func (p *Pricing) OffsetCost(clocks int) (float64, error) {
	bits, err := p.compared()
	flop, _ := p.flopGE("cc")
	return float64(clocks*(bits+entering)) * flop, err
}

// entering is the number of bits that enter the NPU: read data and responses of both
// ports and the host's register port (our microarchitecture).
const entering = 2*(beatBits+8) + 2*addressBits + 8

// Source says where the structure that is counted comes from.
func Source(k Kind) string {
	switch k {
	case HardenLight, Harden:
		return "areas of the CLEAR cell library (Cheng et al., DAC 2016)"
	case Parity, ParityAlways:
		return "parity over groups of flops, as in CLEAR; groups of at most 32 bits of one element and the valid conditions are our choice"
	case ParityInterleaved:
		return "as parity; two groups in turn are our choice, after Sakamoto et al., TNS 2025: interleaving by more cells than an event has keeps them apart"
	case Duplicate:
		return "a second copy with comparison of its outputs; the outputs are those of our microarchitecture"
	case Triplicate:
		return "three copies of a flop and a voter behind them; the voter's area is our choice"
	case Lockstep:
		return "Arm Cortex-R8 (technical reference manual): logic is copied, RAM under its own code is not; what is compared is our choice"
	case SECDED:
		return "eight check bits for 64 bits; trees of 27 of the 72 bits for every check bit are our choice"
	case Watchdog:
		return "a counter of 32 bits, our choice"
	case Residue:
		return "residue code modulo 3; a digit is two bits, our choice"
	case StreamCRC:
		return "CRC-32 (IEEE 802.3); the exclusive ors are counted from the polynomial"
	case Checksum:
		return "checksums of matrix products (ABED, TDSC 2022), in hardware; the structure is our choice"
	}
	return ""
}
