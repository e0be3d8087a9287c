package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"upset/models/cycles"
	"upset/models/driver"
	"upset/npu"
	"upset/npu/isa"
)

// reading is a stream whose active cycles were read from a device or from Arm's simulator.
type reading struct {
	file, from string
	cycles     uint64
	board      bool // memories of the board, else those of the simulator
	ours       []uint64
}

// readings runs the streams whose counters are published: the benchmark page of Alif's
// evaluation kit (26.03), and the documentation of Arm's ML embedded evaluation kit.
func readings(dir string) ([]reading, error) {
	const simulator = "Arm's simulator"
	list := []reading{
		{file: "board-kws_micronet_m", from: "board (Alif Ensemble)", cycles: 404_973, board: true},
		{file: "fvp-kws_micronet_m", from: simulator, cycles: 413_814},
		{file: "fvp-vww4", from: simulator, cycles: 706_754},
		{file: "fvp-yolo_fastest", from: simulator, cycles: 2_050_339},
		{file: "fvp-rnnoise", from: simulator, cycles: 103_870},
	}
	for i := range list {
		if err := list[i].run(dir); err != nil {
			return nil, fmt.Errorf("%s: %w", list[i].file, err)
		}
	}
	return list, nil
}

// run takes the cycles of the stream under each variant.
func (r *reading) run(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, r.file+"-u55-128.tflite"))
	if err != nil {
		return err
	}
	n, err := driver.Open(data, isa.U55x128)
	if err != nil {
		return err
	}
	for _, v := range variants {
		s, total := v.system(), uint64(0)
		if r.board {
			// Alif's kit, high-efficiency core at 160 MHz, in its file for Vela: SRAM at the
			// NPU's clock with a latency of 13, MRAM at 0.303 of it with one of 24. The
			// benchmark page does not name the core.
			s.SRAM = npu.Timing{BeatInterval: 1, ReadLatency: 13, WriteLatency: 13}
			s.Flash = npu.Timing{BeatInterval: 3, Permille: 300, ReadLatency: 24, WriteLatency: 24}
		} else { // Arm's evaluation kit: timing adapters ta_config_u55_high_end
			s.SRAM.Adapter = npu.Adapter{Reads: 8, Writes: 8, On: 3999, Off: 1, Words: 4000}
			s.Flash = npu.Timing{BeatInterval: 1, ReadLatency: 64, WriteLatency: 1, Adapter: npu.Adapter{Reads: 2, On: 320, Off: 80, Words: 50}}
		}
		for _, p := range n.Programs() {
			c, err := active(p, s)
			if err != nil {
				return err
			}
			total += c
		}
		r.ours = append(r.ours, total)
	}
	return nil
}

// cycleLimit ends a run that hangs: thirty times the longest stream (our choice).
const cycleLimit = 100_000_000

// active is the cycles of a program.
func active(p *driver.Program, s npu.System) (uint64, error) {
	mem := new(isa.Memory)
	if err := p.Load(mem, make([]byte, p.InputBytes())); err != nil {
		return 0, err
	}
	m := npu.New(p.Config, s, npu.ECCNone, mem)
	p.Start(m)
	if st := m.Run(cycleLimit); st != npu.Done {
		return 0, fmt.Errorf("the machine ended with %v: %s", st, m.Describe())
	}
	return m.Cycle(), nil
}

// total is a network that Vela compiled and estimated.
type total struct {
	network string
	config  isa.Config
	vela    float64
	ours    []uint64
}

// totals runs the networks that Vela 3.10 compiled, but for the largest, which would take as
// long as all others.
func totals(dir string) ([]total, error) {
	var list []total
	for _, c := range isa.Configs {
		names, err := cycles.Networks(dir, c)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			if strings.HasPrefix(n, "mobilenet") {
				continue
			}
			t := total{network: n, config: c}
			if err := t.run(dir); err != nil {
				return nil, err
			}
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no compiled network in %s", dir)
	}
	return list, nil
}

// run takes the cycles of the network under each variant.
func (t *total) run(dir string) error {
	for _, v := range variants {
		r, err := cycles.Compare(dir, t.network, t.config, v.system())
		if err != nil {
			return err
		}
		t.vela = r.Vela
		t.ours = append(t.ours, r.Ours)
	}
	return nil
}

// distance is the mean of |log(ours ÷ theirs)| of a variant, as a factor.
func distance(n int, ratio func(i int) float64) float64 {
	sum := 0.0
	for i := range n {
		sum += math.Abs(math.Log(ratio(i)))
	}
	return math.Exp(sum / float64(n))
}
