package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"upset/models/cycles"
	"upset/models/readings"
	"upset/npu/isa"
	"upset/stats/result"
)

// reading is a stream whose active cycles were read from a device or from Arm's simulator.
type reading struct {
	readings.Case
	cycles int64
	ours   []int64 // under each variant
}

// measured runs the streams of the readings that name active cycles.
func measured(tool, folder, streams string) ([]reading, error) {
	cases, err := readings.Cases(folder)
	if err != nil {
		return nil, err
	}
	var list []reading
	for _, c := range cases {
		r := reading{Case: c}
		if err := r.run(tool, streams); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Reading.Name, err)
		}
		list = append(list, r)
	}
	return list, nil
}

// run takes the cycles of the stream under each variant, with the memories of the system
// that the reading names.
func (r *reading) run(tool, streams string) error {
	stream, err := r.Reading.Stream.Find(streams)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "ports")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	system, file := []byte(nil), filepath.Join(dir, "system.yaml")
	if system, err = command(tool, "system", r.Reading.System); err != nil {
		return err
	}
	count, ok := r.Reading.Counters["npu_active"]
	if !ok {
		return errors.New("the reading has no active cycles")
	}
	r.cycles = int64(count)
	for _, v := range variants {
		text, err := v.within(system)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
		text, err = command(tool, "run", stream, "--npu", r.Reading.NPU, "--system", file, "--format", "json")
		if err != nil {
			return err
		}
		var run result.Run
		if err := json.Unmarshal(text, &run); err != nil {
			return err
		}
		r.ours = append(r.ours, int64(run.Cycles))
	}
	return nil
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
