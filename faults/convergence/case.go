package convergence

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"upset/faults"
	"upset/faults/criterion"
	"upset/faults/engine"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// Case is a comparison of the engine with the plain machine in a file of its own: everything
// that one injection depends on. Copied into testdata/cases it is repeated by every run of
// the tests.
type Case struct {
	Format   int    // caseFormat
	Model    string // name of the network
	Packed   []byte // its file, compressed with gzip
	NPU      string
	Frames   int             // inferences of a sequence
	Opening  network.Options // but for the system
	System   npu.System
	ECC      npu.ECC
	Fault    string
	Rule     string // the criterion
	Reload   bool   // the NPU is reset between inferences
	Watchdog bool   // a hang is reported
	Inputs   [][]byte
	Site     string
	Cycle    uint64
	Fast     faults.Record // what the engine said when the case was written
	Plain    faults.Record // what the plain machine said
}

const caseFormat = 1

// maxCase bounds the network that a case holds (our choice): cases are small files.
const maxCase = 4 << 20

// NewCase makes a case of a sample of an engine: the network is given by its name, its file and how it
// was opened. Of the inputs those are kept that an injection can depend on, that of the
// sample first; where the input alone shows the same difference, it is the only one.
func NewCase(ctx context.Context, e *engine.Engine, s *Sample, name string, model []byte, opening network.Options) (*Case, error) {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(model); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if packed.Len() > maxCase {
		return nil, fmt.Errorf("the network takes %d bytes compressed, more than the %d of a case", packed.Len(), maxCase)
	}
	o, p := e.Options(), e.Program()
	opening.System = npu.System{}
	c := &Case{
		Format: caseFormat, Model: name, Packed: packed.Bytes(), NPU: p.Config.String(), Frames: max(1, p.Frames), Opening: opening,
		System: o.System, ECC: o.ECC, Fault: o.Model.String(), Rule: o.Criterion.String(),
		Reload: o.AssumeReload, Watchdog: !o.NoWatchdog, Site: e.Table().Name(s.Site.ID), Cycle: s.Site.Cycle, Fast: s.Fast, Plain: s.Plain,
	}
	c.Fast.Input, c.Plain.Input = 0, 0
	c.Inputs = [][]byte{e.Golden(s.Input).Input}
	if _, r, err := c.Repeat(ctx); err == nil && !r.Fast.Same(r.Plain) {
		c.Fast, c.Plain = r.Fast, r.Plain
		return c, nil
	}
	for k := 1; k < min(e.Inputs(), faults.MaxFollowed+2); k++ {
		c.Inputs = append(c.Inputs, e.Golden((s.Input+k)%e.Inputs()).Input)
	}
	return c, nil
}

// Repeat performs the injection of the case on an engine of its own and on the plain
// machine.
func (c *Case) Repeat(ctx context.Context) (e *engine.Engine, s Sample, err error) {
	if e, err = c.open(ctx); err != nil {
		return nil, s, err
	}
	s.Site.Cycle = c.Cycle
	if s.Site.ID, err = e.Table().Parse(c.Site); err != nil {
		return nil, s, err
	}
	w, err := e.Worker()
	if err != nil {
		return nil, s, err
	}
	if s.Fast, err = w.Inject(0, s.Site, nil); err != nil {
		return nil, s, err
	}
	s.Plain, err = w.Plain(0, s.Site)
	return e, s, err
}

// open makes the fault-free runs of the case.
func (c *Case) open(ctx context.Context) (*engine.Engine, error) {
	if c.Format != caseFormat {
		return nil, fmt.Errorf("a case of format %d: this program knows %d", c.Format, caseFormat)
	}
	if len(c.Inputs) == 0 {
		return nil, fmt.Errorf("a case without inputs")
	}
	z, err := gzip.NewReader(bytes.NewReader(c.Packed))
	if err != nil {
		return nil, fmt.Errorf("the network of the case: %w", err)
	}
	model, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("the network of the case: %w", err)
	}
	o := faults.Options{System: c.System, ECC: c.ECC, AssumeReload: c.Reload, NoWatchdog: !c.Watchdog}
	config, err := isa.ParseConfig(c.NPU)
	if err != nil {
		return nil, err
	}
	if o.Model, err = faults.ParseModel(c.Fault); err != nil {
		return nil, err
	}
	if o.Criterion, err = criterion.Parse(c.Rule); err != nil {
		return nil, err
	}
	opening := c.Opening
	opening.System = c.System
	n, err := network.OpenWith(ctx, model, config, opening)
	if err != nil {
		return nil, err
	}
	p, err := n.Whole(c.Frames)
	if err != nil {
		return nil, err
	}
	return engine.NewContext(ctx, p, c.Inputs, o, nil)
}

// Write stores the case in a folder under a name that says what it is, and returns the file.
func (c *Case) Write(dir string) (string, error) {
	text, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s-%s-%s-%d.json", c.Model, c.NPU, c.Site, c.Cycle)
	file := filepath.Join(dir, fileName(name))
	return file, os.WriteFile(file, append(text, '\n'), 0o644)
}

// fileName leaves letters, digits, points and strokes of a name.
func fileName(name string) string {
	out := []byte(name)
	for i, b := range out {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '.', b == '-', b == '_':
		default:
			out[i] = '_'
		}
	}
	return string(out)
}

// ReadCase reads a case from a file.
func ReadCase(file string) (*Case, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c := new(Case)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}
