package software

import (
	"context"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/models/network"
	"upset/npu"
)

// Bench is a network on a machine, with inputs.
type Bench struct {
	Network *network.Network
	Frames  int // of a sequence
	// Inputs are sequences; Fresh those that the search never sees, nil to prove on the
	// same ones.
	Inputs, Fresh [][]byte
	Options       faults.Options
	// Spec has what a campaign is to say of the network: its name, random inputs, the
	// inventory.
	Spec campaign.Spec
	// Population makes that of a campaign; nil is the built-in one.
	Population func(campaign.Spec) (campaign.Population, error)
	// Guard makes the program of measures; nil is the network's own.
	Guard func(frames int, m network.Measures, known []byte) (*network.Program, error)
}

// program is the network with measures. The known input is the first frame of the first
// sequence.
func (b *Bench) program(m network.Measures) (*network.Program, error) {
	guard := b.Guard
	if guard == nil {
		guard = b.Network.Guarded
	}
	return guard(b.Frames, m, b.Inputs[0][:b.Network.InputBytes()])
}

// engine makes the fault-free runs of a program.
func (b *Bench) engine(ctx context.Context, p *network.Program, fresh bool) (*engine.Engine, error) {
	inputs := b.Inputs
	if fresh && b.Fresh != nil {
		inputs = b.Fresh
	}
	return engine.NewContext(ctx, p, inputs, b.Options, nil)
}

// Weights of the energy proxy in picojoules: an 8-bit multiplication and addition, and 64
// bits from an SRAM of 1 MB, at 45 nm (M. Horowitz, "Computing's energy problem", ISSCC
// 2014, figure 1.1.9). That a beat to flash counts as much is our choice.
const (
	macEnergy  = 0.2 + 0.03
	beatEnergy = 100
)

// energy is the energy proxy of a fault-free sequence: multiplications and beats of the
// bus, weighted. Clocks, leakage and the host are no part of it.
func energy(e *engine.Engine) (float64, error) {
	m, err := e.Begin(0)
	if err != nil {
		return 0, err
	}
	m.Run(e.Cycles())
	beats := uint64(0)
	for _, v := range []npu.Event{npu.EvAXIReadBeat, npu.EvAXIReadBeat1, npu.EvAXIWriteBeat, npu.EvAXIWriteBeat1} {
		beats += m.Events[v]
	}
	macs := int64(0)
	for i := range e.Program().Operations {
		macs += e.Program().Operations[i].MACs
	}
	return macEnergy*float64(macs) + beatEnergy*float64(beats), nil
}
