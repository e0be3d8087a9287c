package exhaustive

import (
	"fmt"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/network"
	"upset/models/zoo"
	"upset/netlist"
	"upset/npu/isa"
)

// Name is the network whose upsets are resolved, and Inputs the number of inputs, the
// first ones stored beside it (our choice).
const (
	Name   = "fashion-nano"
	Inputs = 8
)

// Engine opens the network on U55-32 with the defaults of package faults.
func Engine(models string, inputs int) (*engine.Engine, error) {
	net, err := zoo.ByName(Name)
	if err != nil {
		return nil, err
	}
	data, err := net.ReadModel(models)
	if err != nil {
		return nil, err
	}
	list, err := net.ReadInputs(models)
	if err != nil {
		return nil, err
	}
	if inputs > len(list) {
		return nil, fmt.Errorf("%d inputs wanted, %s has %d", inputs, Name, len(list))
	}
	n, err := network.Open(data, isa.U55x32)
	if err != nil {
		return nil, err
	}
	return engine.New(n.Program(), list[:inputs], faults.Options{}, nil)
}

// Stratum is a block × class of the flops with its true counts over all cycles and
// inputs.
type Stratum struct {
	Block  string
	Class  netlist.Class
	Bits   int
	Counts [faults.NumOutcomes]int
}

// Sites is the number of upsets of the stratum.
func (s *Stratum) Sites() (n int) {
	for _, c := range s.Counts {
		n += c
	}
	return n
}

// Share is the true share of the upsets with one of the outcomes.
func (s *Stratum) Share(outcomes ...faults.Outcome) float64 {
	n := 0
	for _, o := range outcomes {
		n += s.Counts[o]
	}
	return float64(n) / float64(s.Sites())
}

// Strata counts the outcomes by block and class. Registers that only observe, whose
// upsets do nothing by definition, are left out.
func (t *Table) Strata(e *engine.Engine) []Stratum {
	var list []Stratum
	at := map[string]int{}
	flop := 0
	for _, r := range e.Table().Select(netlist.Filter{NoSRAM: true}) {
		name := r.Block + " " + r.Class.String()
		k, ok := at[name]
		if !ok && !r.Observer {
			k = len(list)
			at[name] = k
			list = append(list, Stratum{Block: r.Block, Class: r.Class})
		}
		lo := flop
		flop += r.Bits()
		if r.Observer {
			continue
		}
		list[k].Bits += r.Bits()
		for column := range t.Inputs * t.Cycles {
			for _, o := range t.column(0, column)[lo:flop] {
				list[k].Counts[o]++
			}
		}
	}
	return list
}
