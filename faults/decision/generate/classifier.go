package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/criterion"
	"upset/faults/engine"
	"upset/faults/protect"
	"upset/models/network"
	"upset/npu"
	"upset/stats"
)

// openClassifier opens the classifier and its inputs.
func openClassifier() (*network.Program, [][]byte, error) {
	base := filepath.Join("testdata", "models", classifier)
	data, err := os.ReadFile(base + ".tflite")
	if err != nil {
		return nil, nil, err
	}
	n, err := network.Open(data, config)
	if err != nil {
		return nil, nil, err
	}
	names, err := filepath.Glob(filepath.Join(base+".inputs", "in_*.bin"))
	if err != nil || len(names) == 0 {
		return nil, nil, fmt.Errorf("no inputs in %s.inputs: %w", base, err)
	}
	slices.Sort(names)
	var rows [][]byte
	for _, name := range names {
		in, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, err
		}
		size := n.Program().InputBytes()
		for ; len(in) >= size; in = in[size:] {
			rows = append(rows, in[:size])
		}
	}
	return n.Program(), rows, nil
}

// protect finds the cheapest protection with which the classifier meets the target,
// where a wrong class violates, and proves it.
func (x *experiment) protect(ctx context.Context, p *network.Program, rows [][]byte, q stats.Question) (design, error) {
	d := design{Violation: q.Violation}
	criterion, err := criterion.Parse("top1")
	if err != nil {
		return d, err
	}
	e, err := engine.New(p, rows, faults.Options{ECC: npu.ECCSECDED, Criterion: criterion}, nil)
	if err != nil {
		return d, err
	}
	dir, err := os.MkdirTemp("", "selection")
	if err != nil {
		return d, err
	}
	defer os.RemoveAll(dir)
	folder := filepath.Join(dir, "campaign")
	spec := campaign.Spec{Seed: seed, Confidence: confidence}
	if _, err := campaign.Run(ctx, e, spec, folder, campaign.RunOptions{Workers: x.workers, Question: campaign.Question{Question: q}}); err != nil {
		return d, err
	}
	stored, err := campaign.Load(folder)
	if err != nil {
		return d, err
	}
	found, err := protect.Run(ctx, e, stored, protect.Options{Question: q, Set: protect.OptionsPaper, Dir: filepath.Join(folder, "protect"), Workers: x.workers})
	if err != nil {
		return d, err
	}
	d.Choice, d.AreaOverhead, d.Proven = found.Choice, found.AreaOverhead, found.Meets
	for _, a := range found.Proof.Attempts {
		d.FITUpper, d.SPFMLower = a.FITUpper, a.SPFMLower
	}
	return d, nil
}
