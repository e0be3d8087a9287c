// Package criterion decides whether a wrong output is critical.
package criterion

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"upset/models/guest"
	"upset/models/network"
	"upset/models/tflite"
)

// Criterion decides whether a wrong output is critical.
type Criterion struct {
	Kind      Kind
	Tolerance float64 // of CriterionTolerance: share of the output's range

	guest    *guest.Module // of Guest
	file     string
	function *function // of Function
}

// Kind names a rule.
type Kind uint8

// Rules.
const (
	Auto           Kind = iota // chosen from the shapes, see Auto
	Top1                       // the largest element is another one
	Any                        // any element differs
	Tolerance                  // an element is off by more than a share of the range
	reconstruction             // the reconstruction error changes
	Guest                      // a WebAssembly module decides
	half                       // the only element, a probability, crosses one half
	everyChange                // the only element differs
	Function                   // a function of a Go program decides, see Func
)

// Shares that the automatic criterion uses (our choice).
const (
	autoTolerance = 0.05 // of the output's range
	autoRebuild   = 0.10 // relative change of the reconstruction error
)

// Parse reads auto, top1, any, tolerance:X with X between 0 and 1, or the
// name of a WebAssembly module that ends in .wasm. Behind its name may stand # and
// the start of the SHA-256 that the module must have.
func Parse(s string) (Criterion, error) {
	switch s {
	case "", "auto":
		return Criterion{Kind: Auto}, nil
	case "top1":
		return Criterion{Kind: Top1}, nil
	case "any":
		return Criterion{Kind: Any}, nil
	}
	if v, ok := strings.CutPrefix(s, "tolerance:"); ok {
		x, err := strconv.ParseFloat(v, 64)
		if err == nil && x >= 0 && x <= 1 {
			return Criterion{Kind: Tolerance, Tolerance: x}, nil
		}
	}
	if strings.HasPrefix(s, functionPrefix) {
		return Criterion{}, foreign(s)
	}
	if file, digest, _ := strings.Cut(s, "#"); strings.HasSuffix(file, ".wasm") {
		return load(file, digest)
	}
	return Criterion{}, fmt.Errorf("unknown criterion %q: use auto, top1, any, tolerance:X with X from 0 to 1, or a FILE.wasm", s)
}

// digestLength is how much of a module's digest its name shows.
const digestLength = 16

// load loads a module that decides.
func load(file, digest string) (Criterion, error) {
	f, err := os.Open(file)
	if err != nil {
		return Criterion{}, fmt.Errorf("criterion: %w", err)
	}
	defer f.Close()
	wasm, err := io.ReadAll(io.LimitReader(f, guest.MaxModule+1))
	if err != nil {
		return Criterion{}, fmt.Errorf("criterion: %w", err)
	}
	m, err := guest.Load(file, wasm, guest.Limits{})
	if err != nil {
		return Criterion{}, fmt.Errorf("criterion: %w", err)
	}
	switch {
	case !m.HasCriterion():
		err = fmt.Errorf("criterion: %s exports a rule and no criterion", file)
	case !strings.HasPrefix(m.Digest(), digest):
		err = fmt.Errorf("criterion: %s has the digest %s and not %s: it is another module than the one asked for", file, m.Digest()[:digestLength], digest)
	}
	if err != nil {
		m.Close()
		return Criterion{}, err
	}
	return Criterion{Kind: Guest, guest: m, file: file}, nil
}

// String is the form that ParseCriterion reads, or says in words what only auto chooses.
func (c Criterion) String() string {
	switch c.Kind {
	case Top1:
		return "top1"
	case Any:
		return "any"
	case Tolerance:
		return "tolerance:" + strconv.FormatFloat(c.Tolerance, 'g', -1, 64)
	case reconstruction:
		return "reconstruction"
	case half:
		return "one output, a probability: crossing one half counts"
	case everyChange:
		return "one output: every change counts"
	case Function:
		return functionPrefix + c.function.name
	case Guest:
		return c.file + "#" + c.guest.Digest()[:digestLength]
	}
	return "auto"
}

// Resolve replaces auto by the rule that fits a program: top-1 for one vector of
// at least two classes whose shape is not that of the input, the reconstruction
// error where output and input have the same shape, one half or any change where there is
// one element (see single), else a tolerance of 5 %.
func (c Criterion) Resolve(p *network.Program) Criterion {
	if c.Kind != Auto {
		return c
	}
	frames := max(1, p.Frames)
	if len(p.Outputs) == frames {
		o := &p.Outputs[0]
		same := len(p.Inputs) == frames && equalShape(p.Inputs[0].Shape, o.Shape)
		switch n := elements(o.Shape); {
		case n == 1:
			return single(p)
		case same && n > 1:
			return Criterion{Kind: reconstruction, Tolerance: autoRebuild}
		case n >= 2 && len(o.Shape) > 0 && o.Shape[len(o.Shape)-1] == n:
			return Criterion{Kind: Top1}
		}
	}
	return Criterion{Kind: Tolerance, Tolerance: autoTolerance}
}

// Critical judges an output that differs from the fault-free one. The criterion
// must be resolved. The error is that of a user's module.
func (c Criterion) Critical(p *network.Program, input, want, got []byte) (bool, error) {
	switch c.Kind {
	case Any, everyChange:
		return true, nil
	case half:
		return crossed(p, want, got), nil
	case reconstruction:
		return c.rebuilt(p, input, want, got), nil
	case Function:
		return c.function.critical(want, got), nil
	case Guest:
		return c.guest.Critical(want, got)
	}
	return c.critical(p, want, got), nil
}

// critical is Critical for the rules that look at one output after the other.
func (c Criterion) critical(p *network.Program, want, got []byte) bool {
	off := 0
	for i := range p.Outputs {
		b := &p.Outputs[i]
		w, g := values(b.Type, want[off:off+b.Size]), values(b.Type, got[off:off+b.Size])
		off += b.Size
		if c.Kind == Top1 {
			if argmax(w) != argmax(g) {
				return true
			}
			continue
		}
		lo, hi := rangeOf(w)
		limit := c.Tolerance * math.Max(hi-lo, 1)
		for k := range w {
			if !(math.Abs(w[k]-g[k]) <= limit) { // so that what is no number counts, too
				return true
			}
		}
	}
	return false
}

// rebuilt compares the squared reconstruction errors in real units.
func (c Criterion) rebuilt(p *network.Program, input, want, got []byte) bool {
	for range max(1, p.Frames) { // of a sequence, any frame
		x := real(&p.Inputs[0], input)
		sum := func(out []byte) (e float64) {
			for i, v := range real(&p.Outputs[0], out) {
				e += (v - x[i]) * (v - x[i])
			}
			return e
		}
		if a, b := sum(want), sum(got); !(math.Abs(b-a) <= c.Tolerance*a) {
			return true
		}
		input, want, got = input[p.Inputs[0].Size:], want[p.Outputs[0].Size:], got[p.Outputs[0].Size:]
	}
	return false
}

func real(b *network.Binding, data []byte) []float64 {
	v := values(b.Type, data[:b.Size])
	if len(b.Quant.Scale) == 0 {
		return v
	}
	s, z := float64(b.Quant.Scale[0]), 0.0
	if len(b.Quant.ZeroPoint) > 0 {
		z = float64(b.Quant.ZeroPoint[0])
	}
	for i := range v {
		v[i] = s * (v[i] - z)
	}
	return v
}

// values reads a tensor as numbers.
func values(t tflite.Type, b []byte) []float64 {
	n := max(1, t.Size())
	out := make([]float64, len(b)/n)
	for i := range out {
		e := b[i*n:]
		switch t {
		case tflite.Int8:
			out[i] = float64(int8(e[0]))
		case tflite.Int16:
			out[i] = float64(int16(binary.LittleEndian.Uint16(e)))
		case tflite.Int32:
			out[i] = float64(int32(binary.LittleEndian.Uint32(e)))
		case tflite.Float32:
			out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(e)))
		default:
			out[i] = float64(e[0])
		}
	}
	return out
}

// argmax returns the index of the largest element, the lowest one on a tie.
func argmax(v []float64) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}

func rangeOf(v []float64) (lo, hi float64) {
	if len(v) == 0 {
		return 0, 0
	}
	lo, hi = v[0], v[0]
	for _, x := range v {
		lo, hi = math.Min(lo, x), math.Max(hi, x)
	}
	return lo, hi
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func equalShape(a, b []int) bool {
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
