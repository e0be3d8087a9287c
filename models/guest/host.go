//go:build !browser

package guest

import (
	"context"
	"errors"
	"math"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Asker runs inferences for a rule of version 2. Outputs are those of a network,
// concatenated; the first one has the width, scale and zero point that Net tells.
type Asker interface {
	Networks() int
	Net(network int) (Net, error)
	Row(network, row int) ([]byte, error)
	Infer(network int, input []byte) ([]byte, error)
	Step(network int, input []byte) ([]byte, error)
	Reset(network int)
}

// Net describes a network to a rule: the rows of its pool, the bytes of its outputs, and
// the first output.
type Net struct {
	Rows, Bytes, Width int
	Wide               bool // int16 and not int8
	Scale              float32
	Zero               int32
}

// hostModule is where a module imports the functions of version 2 from.
const hostModule = "upset"

// session is one decision of a module that asks.
type session struct {
	asker         Asker
	err           error // of an inference; it ends the call
	pause, resume func()
}

type sessionKey struct{}

// errAsked ends a call whose inference fails; the reason is in the session.
var errAsked = errors.New("an inference failed")

// hostFunctions are what a module may import, with the numbers of their parameters.
var hostFunctions = map[string]struct {
	parameters int
	call       func(s *session, m api.Module, v []uint64) (uint64, error)
}{
	"networks": {0, func(s *session, _ api.Module, _ []uint64) (uint64, error) { return uint64(s.asker.Networks()), nil }},
	"rows":     {1, describe(func(n Net) uint64 { return uint64(n.Rows) })},
	"bytes":    {1, describe(func(n Net) uint64 { return uint64(n.Bytes) })},
	"width":    {1, describe(func(n Net) uint64 { return uint64(n.Width) })},
	"wide": {1, describe(func(n Net) uint64 {
		if n.Wide {
			return 1
		}
		return 0
	})},
	"scale": {1, describe(func(n Net) uint64 { return uint64(math.Float32bits(n.Scale)) })},
	"zero":  {1, describe(func(n Net) uint64 { return uint64(uint32(n.Zero)) })},
	"row": {3, func(s *session, m api.Module, v []uint64) (uint64, error) {
		out, err := s.asker.Row(number(v[0]), number(v[1]))
		return write(m, v[2], out, err)
	}},
	"infer": {4, func(s *session, m api.Module, v []uint64) (uint64, error) {
		return asked(m, v, s.asker.Infer)
	}},
	"step": {4, func(s *session, m api.Module, v []uint64) (uint64, error) {
		return asked(m, v, s.asker.Step)
	}},
	"reset": {1, func(s *session, _ api.Module, v []uint64) (uint64, error) {
		s.asker.Reset(number(v[0]))
		return 0, nil
	}},
}

func number(v uint64) int { return int(int32(v)) }

// describe answers a question about a network.
func describe(what func(Net) uint64) func(*session, api.Module, []uint64) (uint64, error) {
	return func(s *session, _ api.Module, v []uint64) (uint64, error) {
		n, err := s.asker.Net(number(v[0]))
		return what(n), err
	}
}

// asked runs an input from the memory of the module.
func asked(m api.Module, v []uint64, run func(network int, input []byte) ([]byte, error)) (uint64, error) {
	input, ok := m.Memory().Read(uint32(v[1]), uint32(v[2]))
	if !ok {
		return 0, errors.New("an input lies outside the memory of the module")
	}
	out, err := run(number(v[0]), append([]byte(nil), input...))
	return write(m, v[3], out, err)
}

// write puts an answer into the memory of the module.
func write(m api.Module, at uint64, out []byte, err error) (uint64, error) {
	if err == nil && !m.Memory().Write(uint32(at), out) {
		err = errors.New("an answer does not fit the memory of the module")
	}
	return uint64(len(out)), err
}

// host offers the functions to modules.
func host(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(hostModule)
	for name, f := range hostFunctions {
		parameters := make([]api.ValueType, f.parameters)
		for i := range parameters {
			parameters[i] = api.ValueTypeI32
		}
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, m api.Module, stack []uint64) {
			s, _ := ctx.Value(sessionKey{}).(*session)
			if s == nil {
				panic(errors.New("inferences can be asked for in " + exportDecide + " alone"))
			}
			s.pause()
			v, err := f.call(s, m, stack)
			s.resume()
			if err != nil {
				s.err = err
				panic(errAsked)
			}
			stack[0] = v
		}), parameters, []api.ValueType{api.ValueTypeI32}).Export(name)
	}
	_, err := b.Instantiate(ctx)
	return err
}

// Ask lets the module's rule of version 2 decide. Again makes an Asker that stands at
// the start of the decision; the rule is asked twice now and then.
func (m *Module) Ask(again func() Asker) ([]int, error) {
	v, err := m.twice(exportDecide, func(i *instance) (answer, error) {
		s := &session{asker: again()}
		s.pause, s.resume = m.clock(i)
		ctx := context.WithValue(context.Background(), sessionKey{}, s)
		err := i.decide.CallWithStack(ctx, i.stack[:1])
		if s.err != nil {
			return answer{}, s.err
		}
		if err != nil {
			return answer{}, m.failed(exportDecide, err)
		}
		return m.list(i, exportDecide, uint32(i.stack[0]))
	})
	return v.items, err
}

// Consequence asks the module what a changed decision costs, 0 to 1. It is told in
// millionths.
func (m *Module) Consequence(golden, faulty []int) (float64, error) {
	const whole = 1e6
	v, err := m.twice(exportConsequence, func(i *instance) (answer, error) {
		at, err := m.room(i, 4*(len(golden)+len(faulty)))
		if err != nil {
			return answer{}, err
		}
		memory := i.module.Memory()
		for k, list := range [2][]int{golden, faulty} {
			for j, x := range list {
				if !memory.WriteUint32Le(at+uint32(4*(k*len(golden)+j)), uint32(int32(x))) {
					return answer{}, errors.New("a decision does not fit the memory of the module")
				}
			}
		}
		i.stack[0], i.stack[1], i.stack[2], i.stack[3] = uint64(at), uint64(len(golden)), uint64(at)+uint64(4*len(golden)), uint64(len(faulty))
		if err := i.consequence.CallWithStack(context.Background(), i.stack[:4]); err != nil {
			return answer{}, m.failed(exportConsequence, err)
		}
		return answer{number: int32(i.stack[0])}, nil
	})
	return min(1, max(0, float64(v.number)/whole)), err
}

// HasDecide says whether the module has a rule of version 2, HasConsequence whether it
// tells what a changed decision costs.
func (m *Module) HasDecide() bool { return m.compiled.ExportedFunctions()[exportDecide] != nil }
func (m *Module) HasConsequence() bool {
	return m.compiled.ExportedFunctions()[exportConsequence] != nil
}
