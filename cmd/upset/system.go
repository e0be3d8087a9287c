package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"go.yaml.in/yaml/v3"

	"upset/npu"
)

// Limits of a system file, so that a slip of the pen does not make a run endless
// (our choice).
const (
	maxInterval = 1024
	maxLatency  = 100_000
	maxYAML     = 1 << 20
)

// systemFile is the YAML form of npu.System. What a file leaves out keeps its
// default.
type systemFile struct {
	SRAM  timingFile `yaml:"sram"`
	Flash timingFile `yaml:"flash"`
}

// timingFile describes one memory in cycles of the NPU's clock.
type timingFile struct {
	BeatInterval cycles `yaml:"beat_interval"`
	ReadLatency  cycles `yaml:"read_latency"`
	WriteLatency cycles `yaml:"write_latency"`
}

// cycles is a whole number; the YAML reader alone would cut fractions off.
type cycles int

// UnmarshalYAML refuses everything but whole numbers.
func (c *cycles) UnmarshalYAML(n *yaml.Node) error {
	if n.Tag != "!!int" {
		return fmt.Errorf("line %d: %q is no whole number of cycles", n.Line, n.Value)
	}
	return n.Decode((*int)(c))
}

func toFile(t npu.Timing) timingFile {
	return timingFile{cycles(t.BeatInterval), cycles(t.ReadLatency), cycles(t.WriteLatency)}
}

func (t timingFile) timing() npu.Timing {
	return npu.Timing{BeatInterval: int(t.BeatInterval), ReadLatency: int(t.ReadLatency), WriteLatency: int(t.WriteLatency)}
}

// readSystem reads the timing of the memories from a file.
func readSystem(file string) (npu.System, error) {
	data, err := readFile(file, maxYAML)
	if err != nil {
		return npu.System{}, bad(err)
	}
	s, err := parseSystem(data)
	if err != nil {
		return s, usage("system file %s: %w", file, err)
	}
	return s, nil
}

// parseSystem reads the YAML text of a system file. Unknown keys are refused.
func parseSystem(data []byte) (npu.System, error) {
	def := npu.DefaultSystem()
	f := systemFile{SRAM: toFile(def.SRAM), Flash: toFile(def.Flash)}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return def, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return def, errors.New("more than one document")
	}
	for _, m := range []struct {
		name string
		t    timingFile
	}{{"sram", f.SRAM}, {"flash", f.Flash}} {
		if m.t.BeatInterval < 1 || m.t.BeatInterval > maxInterval {
			return def, fmt.Errorf("%s.beat_interval %d is not between 1 and %d", m.name, m.t.BeatInterval, maxInterval)
		}
		if min(m.t.ReadLatency, m.t.WriteLatency) < 1 || max(m.t.ReadLatency, m.t.WriteLatency) > maxLatency {
			return def, fmt.Errorf("latencies of %s must be between 1 and %d", m.name, maxLatency)
		}
	}
	return npu.System{SRAM: f.SRAM.timing(), Flash: f.Flash.timing()}, nil
}

// readFile reads a regular file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, pathError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", name, info.Size(), limit)
	}
	data, err := os.ReadFile(name)
	return data, pathError(name, err)
}

// pathError says what is wrong with a file, without the name of a system call.
func pathError(name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", name, p.Err)
	}
	return err
}
