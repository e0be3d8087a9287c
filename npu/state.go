package npu

import "upset/npu/isa"

// State is everything that a clock edge can change: the flops and SRAM of the
// NPU, and the bus transactions in flight outside it.
type State struct {
	Flops
	RAM RAMState
}

// Flops is the State without the shared buffer's RAM.
type Flops struct {
	CC      CCState
	Trav    TravState
	DMA     DMAState
	WD      WDState
	MAC     MACState
	AO      AOState
	AOScale ScaleState
	SB      SBState
	PMU     PMUState
	Bus     BusState // outside the NPU: requests and responses under way
}

// Largest dimensions over the four configurations.
const (
	maxX     = 4           // pixels of a micro-block
	maxD     = 8           // channels of a micro-block
	maxDots  = maxX * maxD // dot products
	maxMACs  = maxDots * 8 // multipliers
	maxLanes = 8           // output-stage lanes
	eccWords = isa.MaxSHRAM / 8
)

// Dims gives the lengths of configuration-dependent arrays by the names used in
// field tags.
func (m *Machine) Dims() map[string]int {
	s := m.Spec
	x := s.UBlockH * s.UBlockW
	ecc := 0
	if m.ECC != ECCNone {
		ecc = s.SHRAMBytes() / 8
	}
	return map[string]int{
		"pixels": x, "operands": x * 8, "weights": 8 * s.UBlockD, "macs": s.MACs,
		"dots": x * s.UBlockD, "wblock": 32 * s.UBlockD, "lanes": s.ElementUnits,
		"shram": s.SHRAMBytes(), "ecc": ecc,
	}
}
