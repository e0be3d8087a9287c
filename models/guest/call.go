//go:build !browser

package guest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Table is a table of scores for a rule: rows of int8 numbers, whose real value is
// Scale × (number − Zero).
type Table struct {
	Data        []byte
	Rows, Width int
	Scale       float32
	Zero        int32
}

// maxItems bounds what a rule returns (our choice).
const maxItems = 1 << 20

// Critical asks the module's criterion whether an output that differs from the
// fault-free one is critical.
func (m *Module) Critical(golden, faulty []byte) (bool, error) {
	v, err := m.twice(exportCriterion, func(i *instance) (answer, error) { return m.critical(i, golden, faulty) })
	if err != nil {
		return false, err
	}
	return v.number == 1, nil
}

func (m *Module) critical(i *instance, golden, faulty []byte) (answer, error) {
	n := len(golden)
	at, err := m.room(i, 2*n)
	if err != nil {
		return answer{}, err
	}
	memory := i.module.Memory()
	if len(faulty) != n || !memory.Write(at, golden) || !memory.Write(at+uint32(n), faulty) {
		return answer{}, fmt.Errorf("%s: %s returned a place outside its memory", m.name, exportAlloc)
	}
	i.stack[0], i.stack[1], i.stack[2] = uint64(at), uint64(at)+uint64(n), uint64(n)
	if err := i.criterion.CallWithStack(context.Background(), i.stack[:3]); err != nil {
		return answer{}, m.failed(exportCriterion, err)
	}
	v := int32(i.stack[0])
	if v != 0 && v != 1 {
		return answer{}, fmt.Errorf("%s: %s returned %d: want 0 for tolerable or 1 for critical", m.name, exportCriterion, v)
	}
	return answer{number: v}, nil
}

// Decide asks the module's rule for a decision on tables of scores.
func (m *Module) Decide(tables []Table) ([]int, error) {
	v, err := m.twice(exportRule, func(i *instance) (answer, error) { return m.decide(i, tables) })
	if err != nil {
		return nil, err
	}
	return v.items, nil
}

// answer is what a call returned: a number, or a decision.
type answer struct {
	number int32
	items  []int
}

func (a answer) same(b answer) bool { return a.number == b.number && slices.Equal(a.items, b.items) }

const tableBytes = 20 // five words that describe a table

func (m *Module) decide(i *instance, tables []Table) (answer, error) {
	size := tableBytes * len(tables)
	for _, t := range tables {
		size += len(t.Data)
	}
	at, err := m.room(i, size)
	if err != nil {
		return answer{}, err
	}
	head := make([]byte, 0, tableBytes*len(tables))
	data := at + uint32(tableBytes*len(tables))
	memory := i.module.Memory()
	for _, t := range tables {
		for _, x := range []uint32{data, uint32(t.Rows), uint32(t.Width), math.Float32bits(t.Scale), uint32(t.Zero)} {
			head = binary.LittleEndian.AppendUint32(head, x)
		}
		if !memory.Write(data, t.Data) {
			return answer{}, fmt.Errorf("%s: %s returned a place outside its memory", m.name, exportAlloc)
		}
		data += uint32(len(t.Data))
	}
	if !memory.Write(at, head) {
		return answer{}, fmt.Errorf("%s: %s returned a place outside its memory", m.name, exportAlloc)
	}
	i.stack[0], i.stack[1] = uint64(at), uint64(len(tables))
	if err := i.rule.CallWithStack(context.Background(), i.stack[:2]); err != nil {
		return answer{}, m.failed(exportRule, err)
	}
	return m.list(i, exportRule, uint32(i.stack[0]))
}

// list reads a decision: a number n and n items.
func (m *Module) list(i *instance, what string, place uint32) (answer, error) {
	n, ok := i.module.Memory().ReadUint32Le(place)
	if !ok || n > maxItems {
		return answer{}, fmt.Errorf("%s: %s returned a list of %d items at %#x: it must lie in its memory and have at most %d", m.name, what, n, place, maxItems)
	}
	b, ok := i.module.Memory().Read(place+4, 4*n)
	if !ok {
		return answer{}, fmt.Errorf("%s: %s returned a list of %d items at %#x, which leaves its memory", m.name, what, n, place)
	}
	v := answer{items: make([]int, n)}
	for k := range v.items {
		v.items[k] = int(int32(binary.LittleEndian.Uint32(b[4*k:])))
	}
	return v, nil
}

// clock stops and starts the time of a call around what the host does for it.
func (m *Module) clock(i *instance) (pause, resume func()) {
	var used time.Duration
	pause = func() {
		m.mu.Lock()
		used = time.Since(m.busy[i])
		delete(m.busy, i)
		m.mu.Unlock()
	}
	resume = func() {
		m.mu.Lock()
		m.busy[i] = time.Now().Add(-used)
		m.mu.Unlock()
	}
	return pause, resume
}

// room makes sure of memory for the arguments of a call.
func (m *Module) room(i *instance, n int) (uint32, error) {
	if uint32(n) <= i.size && i.buffer != 0 {
		return i.buffer, nil
	}
	if n > m.limits.MemoryBytes {
		return 0, fmt.Errorf("%s: %d bytes do not fit its memory of %d", m.name, n, m.limits.MemoryBytes)
	}
	i.stack[0] = uint64(n)
	if err := i.alloc.CallWithStack(context.Background(), i.stack[:1]); err != nil {
		return 0, m.failed(exportAlloc, err)
	}
	at := uint32(i.stack[0])
	if end := uint64(at) + uint64(n); at == 0 || end > uint64(i.module.Memory().Size()) {
		return 0, fmt.Errorf("%s: %s(%d) returned %#x, which does not lie in its memory of %d bytes", m.name, exportAlloc, n, at, i.module.Memory().Size())
	}
	i.buffer, i.size = at, uint32(n)
	return at, nil
}

// twice calls on an instance, and one time in so many on a fresh one as well: a
// module that answers otherwise remembers something, so that results would depend on
// the order of the work.
func (m *Module) twice(what string, call func(*instance) (answer, error)) (answer, error) {
	v, err := m.once(what, call)
	if err != nil {
		return answer{}, err
	}
	if n := m.calls.Add(1); n%uint64(m.limits.Verify) != 2%uint64(m.limits.Verify) {
		return v, nil
	}
	i, err := m.instantiate()
	if err != nil {
		return answer{}, err
	}
	m.note(i)
	again, err := call(i)
	m.forget(i)
	_ = i.module.Close(context.Background())
	if err != nil {
		return answer{}, err
	}
	if !v.same(again) {
		return answer{}, fmt.Errorf("%s: %s gives another answer on a fresh instance: it must not remember earlier calls", m.name, what)
	}
	return v, nil
}

// once calls on an idle instance. One that failed is thrown away.
func (m *Module) once(what string, call func(*instance) (answer, error)) (answer, error) {
	i, err := m.acquire()
	if err != nil {
		return answer{}, err
	}
	if i.function(what) == nil {
		m.release(i)
		return answer{}, fmt.Errorf("%s does not export %s", m.name, what)
	}
	v, err := call(i)
	if err != nil {
		m.forget(i)
		_ = i.module.Close(context.Background())
		return answer{}, err
	}
	m.release(i)
	return v, nil
}

// function is what a name stands for, nil where the module does not export it.
func (i *instance) function(what string) api.Function {
	switch what {
	case exportCriterion:
		return i.criterion
	case exportRule:
		return i.rule
	case exportDecide:
		return i.decide
	}
	return i.consequence
}

// acquire returns an instance for a call.
func (m *Module) acquire() (*instance, error) {
	m.mu.Lock()
	if n := len(m.idle); n > 0 {
		i := m.idle[n-1]
		m.idle = m.idle[:n-1]
		m.busy[i] = time.Now()
		m.mu.Unlock()
		return i, nil
	}
	m.mu.Unlock()
	i, err := m.instantiate()
	if err == nil {
		m.note(i)
	}
	return i, err
}

func (m *Module) release(i *instance) {
	m.mu.Lock()
	delete(m.busy, i)
	m.idle = append(m.idle, i)
	m.mu.Unlock()
}

func (m *Module) note(i *instance) {
	m.mu.Lock()
	m.busy[i] = time.Now()
	m.mu.Unlock()
}

func (m *Module) forget(i *instance) {
	m.mu.Lock()
	delete(m.busy, i)
	m.mu.Unlock()
}

// instantiate makes a new instance and asks for its version. The start is under the
// time limit as well.
func (m *Module) instantiate() (*instance, error) {
	ctx, cancel := context.WithTimeout(context.Background(), m.limits.Call)
	defer cancel()
	// The default configuration has no files, arguments and environment, discards
	// what is printed, and has a clock and random numbers of its own that are
	// always the same.
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions(exportStart)
	module, err := guarded(func() (api.Module, error) { return m.runtime.InstantiateModule(ctx, m.compiled, config) })
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: its start takes more than %v and was ended", m.name, m.limits.Call)
		}
		return nil, fmt.Errorf("%s: its start fails: %w", m.name, err)
	}
	i := &instance{
		module: module, alloc: module.ExportedFunction(exportAlloc),
		criterion: module.ExportedFunction(exportCriterion), rule: module.ExportedFunction(exportRule),
		decide: module.ExportedFunction(exportDecide), consequence: module.ExportedFunction(exportConsequence),
	}
	v, err := module.ExportedFunction(exportABI).Call(ctx)
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("%s: %s takes more than %v and was ended", m.name, exportABI, m.limits.Call)
	case err != nil:
		err = m.failed(exportABI, err)
	case int32(v[0]) < 1 || int32(v[0]) > ABI:
		err = fmt.Errorf("%s is made for version %d of the interface: this is version %d", m.name, int32(v[0]), ABI)
	case int32(v[0]) < 2 && i.decide != nil:
		err = fmt.Errorf("%s exports %s, which version 2 of the interface has, and names version 1", m.name, exportDecide)
	}
	if err != nil {
		_ = module.Close(context.Background())
		return nil, err
	}
	return i, nil
}
