//go:build !browser

package guest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// ABI is the newest version of the interface that a module may name. Version 2 added
// rules that ask for inferences.
const ABI = 2

// MaxModule is the largest file that is loaded by default (our choice).
const MaxModule = 16 << 20

// Names that a module exports.
const (
	exportMemory    = "memory"
	exportABI       = "upset_abi"
	exportAlloc     = "upset_alloc"
	exportCriterion = "upset_criterion"
	exportRule      = "upset_rule"
	exportStart     = "_initialize"
	// of version 2
	exportDecide      = "upset_decide"
	exportConsequence = "upset_consequence"
)

const wasi = "wasi_snapshot_preview1"

// Limits of a module. Zero fields take the defaults.
type Limits struct {
	ModuleBytes int           // of the file
	MemoryBytes int           // of its linear memory
	Call        time.Duration // of one call, and of the start
	Compile     time.Duration // of compiling the module
	Verify      int           // one call in so many is repeated on a fresh instance
}

// Defaults (our choice).
const (
	defaultMemory = 64 << 20
	defaultCall   = time.Second
	// The example in Go, 1.9 MB, compiles in less than a second; one made for it keeps
	// the compiler busy for minutes with 60 kB.
	defaultCompile = time.Minute
	defaultVerify  = 256
	pageBytes      = 64 << 10
)

func (l Limits) normal() Limits {
	if l.ModuleBytes == 0 {
		l.ModuleBytes = MaxModule
	}
	if l.MemoryBytes == 0 {
		l.MemoryBytes = defaultMemory
	}
	if l.Call == 0 {
		l.Call = defaultCall
	}
	if l.Compile == 0 {
		l.Compile = defaultCompile
	}
	if l.Verify == 0 {
		l.Verify = defaultVerify
	}
	return l
}

// Module is a compiled module. It may be used by many goroutines at once.
type Module struct {
	name     string
	digest   string
	limits   Limits
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	calls    atomic.Uint64

	mu     sync.Mutex
	idle   []*instance
	busy   map[*instance]time.Time // when the call began
	closed chan struct{}
}

// instance is a module with a memory of its own. One call at a time.
type instance struct {
	module           api.Module
	alloc, criterion api.Function
	rule             api.Function
	decide           api.Function
	consequence      api.Function
	buffer, size     uint32 // allocated once, enlarged when needed
	stack            [4]uint64
}

// Load compiles a module and checks its interface. Name is for messages. Close it
// when done.
func Load(name string, wasm []byte, l Limits) (*Module, error) {
	l = l.normal()
	if len(wasm) > l.ModuleBytes {
		return nil, fmt.Errorf("%s: %d bytes are more than the limit of %d for a module", name, len(wasm), l.ModuleBytes)
	}
	s, err := examine(wasm)
	if err != nil {
		return nil, fmt.Errorf("%s is no WebAssembly module that can be run: %w", name, err)
	}
	features := api.CoreFeaturesV2
	if s.growing {
		// Without reference types there is no instruction that enlarges a table.
		features = features.SetEnabled(api.CoreFeatureReferenceTypes, false)
	}
	ctx := context.Background()
	config := wazero.NewRuntimeConfig().WithCoreFeatures(features).WithCloseOnContextDone(true).WithMemoryLimitPages(uint32(max(1, l.MemoryBytes/pageBytes)))
	sum := sha256.Sum256(wasm)
	m := &Module{
		name: name, digest: hex.EncodeToString(sum[:]), limits: l, runtime: wazero.NewRuntimeWithConfig(ctx, config),
		busy: map[*instance]time.Time{}, closed: make(chan struct{}),
	}
	if err := m.compile(ctx, s.wasm); err != nil {
		return nil, err
	}
	if err := m.open(ctx); err != nil {
		m.runtime.Close(ctx)
		return nil, err
	}
	go m.watch()
	i, err := m.acquire()
	if err != nil {
		m.Close()
		return nil, err
	}
	m.release(i)
	return m, nil
}

// compile compiles the module. The compiler cannot be stopped: one that takes too long
// is left behind.
func (m *Module) compile(ctx context.Context, wasm []byte) error {
	type compiled struct {
		module wazero.CompiledModule
		err    error
	}
	done := make(chan compiled, 1)
	go func() {
		c, err := guarded(func() (wazero.CompiledModule, error) { return m.runtime.CompileModule(ctx, wasm) })
		done <- compiled{c, err}
	}()
	limit := time.NewTimer(m.limits.Compile)
	defer limit.Stop()
	select {
	case c := <-done:
		if c.err != nil {
			m.runtime.Close(ctx)
			return fmt.Errorf("%s is no WebAssembly module that can be run: %w", m.name, c.err)
		}
		m.compiled = c.module
		return nil
	case <-limit.C:
		return fmt.Errorf("%s takes more than %v to compile: use a smaller module", m.name, m.limits.Compile)
	}
}

// guarded turns a panic into an error: the runtime has taken modules for valid that are not.
func guarded[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the runtime fails on it: %v", r)
		}
	}()
	return f()
}

// open checks what the module imports and exports.
func (m *Module) open(ctx context.Context) error {
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, m.runtime); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	asks := false
	for _, f := range m.compiled.ImportedFunctions() {
		from, what, _ := f.Import()
		_, known := hostFunctions[what]
		switch {
		case from == hostModule && known:
			asks = true
		case from != wasi:
			return fmt.Errorf("%s imports %s.%s: only %s and the functions of %s can be imported", m.name, from, what, wasi, hostModule)
		}
	}
	if asks {
		if err := host(ctx, m.runtime); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	if len(m.compiled.ImportedMemories()) > 0 || m.compiled.ExportedMemories()[exportMemory] == nil {
		return fmt.Errorf("%s does not export its memory as %q", m.name, exportMemory)
	}
	i32 := api.ValueTypeI32
	want := map[string][2][]api.ValueType{
		exportABI:       {nil, {i32}},
		exportAlloc:     {{i32}, {i32}},
		exportCriterion: {{i32, i32, i32}, {i32}},
		exportRule:      {{i32, i32}, {i32}},

		exportDecide:      {nil, {i32}},
		exportConsequence: {{i32, i32, i32, i32}, {i32}},
	}
	exports := m.compiled.ExportedFunctions()
	for name, types := range want {
		f, ok := exports[name]
		switch {
		case !ok && name != exportABI && name != exportAlloc:
		case !ok:
			return fmt.Errorf("%s does not export %s", m.name, name)
		case !equal(f.ParamTypes(), types[0]) || !equal(f.ResultTypes(), types[1]):
			return fmt.Errorf("%s: %s must take %d and return %d numbers of type i32", m.name, name, len(types[0]), len(types[1]))
		}
	}
	if exports[exportCriterion] == nil && exports[exportRule] == nil && exports[exportDecide] == nil {
		return fmt.Errorf("%s exports none of %s, %s and %s", m.name, exportCriterion, exportRule, exportDecide)
	}
	return nil
}

func equal(a, b []api.ValueType) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Name is the name given to Load, Digest the SHA-256 of the module.
func (m *Module) Name() string   { return m.name }
func (m *Module) Digest() string { return m.digest }

// HasCriterion and HasRule say what the module offers.
func (m *Module) HasCriterion() bool { return m.compiled.ExportedFunctions()[exportCriterion] != nil }
func (m *Module) HasRule() bool      { return m.compiled.ExportedFunctions()[exportRule] != nil }

// Close frees the module.
func (m *Module) Close() {
	m.mu.Lock()
	select {
	case <-m.closed:
	default:
		close(m.closed)
	}
	m.mu.Unlock()
	// Nothing is lost when freeing memory fails.
	_ = m.runtime.Close(context.Background())
}

// watch ends calls that take too long.
func (m *Module) watch() {
	tick := time.NewTicker(max(time.Millisecond, m.limits.Call/8))
	defer tick.Stop()
	for {
		select {
		case <-m.closed:
			return
		case now := <-tick.C:
			m.mu.Lock()
			for i, began := range m.busy {
				if now.Sub(began) > m.limits.Call && i.module != nil {
					_ = i.module.CloseWithExitCode(context.Background(), exitTimeout)
				}
			}
			m.mu.Unlock()
		}
	}
}

// exitTimeout tells an ended call from one that ended itself.
const exitTimeout = math.MaxUint32 - 77

// errGuest joins what went wrong in a module to its name.
func (m *Module) failed(what string, err error) error {
	var exit interface{ ExitCode() uint32 }
	if errors.As(err, &exit) && exit.ExitCode() == exitTimeout {
		return fmt.Errorf("%s: %s takes more than %v and was ended", m.name, what, m.limits.Call)
	}
	return fmt.Errorf("%s: %s: %w", m.name, what, err)
}
