package qualify

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"upset/faults/provenance"
	"upset/models/network"
	"upset/models/reference"
	"upset/models/tflite"
	"upset/models/zoo"
	"upset/npu"
	"upset/npu/isa"
	"upset/testdata"
)

// knownFile holds the known answers. It is written by
//
//	go run ./faults/qualify/generate
//
//go:embed known.json
var knownFile []byte

// Known are the known answers.
type Known struct {
	Answers []Answer `json:"answers"`
	// Probe and Mechanisms are digests of package provenance.
	Probe      string `json:"probe"`
	Mechanisms string `json:"mechanisms"`
}

// Answer is what a shipped network does on a configuration.
type Answer struct {
	Network string `json:"network"`
	NPU     string `json:"npu"`
	Cycles  uint64 `json:"cycles"`
	// Outputs is the SHA-256 of the outputs of the first inputs, one after the other.
	Outputs string `json:"outputs"`
}

// answered is the number of inputs that known answers are of (our choice).
const answered = 8

// longest bounds an inference of a shipped network, in cycles (our choice: the longest
// takes some 50,000).
const longest = 10_000_000

func readKnown() (k Known, err error) {
	if err := json.Unmarshal(knownFile, &k); err != nil {
		return k, fmt.Errorf("known answers: %w", err)
	}
	return k, nil
}

// unpack writes what the program ships into a folder and returns that of the networks.
func unpack(dir string) (models string, err error) {
	err = fs.WalkDir(testdata.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(path))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		data, err := testdata.Files.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
	if err != nil {
		return "", fmt.Errorf("shipped networks: %w", err)
	}
	return filepath.Join(dir, "models"), nil
}

// networks are the names of the shipped networks.
func networks() (list []string) {
	for _, n := range zoo.Networks() {
		list = append(list, n.Name)
	}
	return list
}

// runMachine runs an inference on the cycle-level machine.
func runMachine(p *network.Program, input []byte) (output []byte, cycles uint64, err error) {
	var mem isa.Memory
	if err := p.Load(&mem, input); err != nil {
		return nil, 0, err
	}
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, &mem)
	p.Start(m)
	if st := m.Run(longest); st != npu.Done {
		return nil, 0, fmt.Errorf("the inference ended with %v", st)
	}
	return p.ReadOutputs(&mem), m.Cycle(), nil
}

// interpreted are the outputs of the reference interpreter, which shares nothing with the
// compiler and the machine.
func interpreted(data []byte, inputs [][]byte) ([][]byte, error) {
	m, err := tflite.Parse(data)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, in := range inputs {
		o, err := reference.Run(m, [][]byte{in})
		if err != nil {
			return nil, err
		}
		out = append(out, o[0])
	}
	return out, nil
}

// answer measures what a network does.
func (b *bench) answer(name string, cfg isa.Config) (a Answer, outputs, inputs [][]byte, err error) {
	n, inputs, err := b.open(name, cfg, answered)
	if err != nil {
		return a, nil, nil, err
	}
	a = Answer{Network: name, NPU: cfg.String()}
	h := sha256.New()
	for _, in := range inputs {
		out, cycles, err := runMachine(n.Program(), in)
		if err != nil {
			return a, nil, nil, fmt.Errorf("%s on %s: %w", name, cfg, err)
		}
		if a.Cycles != 0 && a.Cycles != cycles {
			return a, nil, nil, fmt.Errorf("%s on %s: %d and %d cycles with different inputs", name, cfg, a.Cycles, cycles)
		}
		a.Cycles = cycles
		h.Write(out)
		outputs = append(outputs, out)
	}
	a.Outputs = hex.EncodeToString(h.Sum(nil))
	return a, outputs, inputs, nil
}

// Measure makes the known answers with the present program.
func Measure(ctx context.Context, dir string) (Known, error) {
	b := &bench{}
	var k Known
	var err error
	if b.models, err = unpack(dir); err != nil {
		return k, err
	}
	for _, name := range networks() {
		for _, cfg := range isa.Configs {
			a, _, _, err := b.answer(name, cfg)
			if err != nil {
				return k, err
			}
			k.Answers = append(k.Answers, a)
		}
	}
	m, err := provenance.Probes(ctx, b.models)
	k.Probe, k.Mechanisms = m.Probe, m.Mechanisms
	return k, err
}
