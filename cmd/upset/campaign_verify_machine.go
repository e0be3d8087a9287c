package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/stats"
)

// machine checks model and inputs, and injects records again.
func (v *verification) machine(ctx context.Context) error {
	const (
		model   = "the model is that of the campaign: file, command stream and data"
		inputs  = "the inputs are those of the campaign, and labels give its accuracy"
		sites   = "sites, sampling frame and every drawn bit are those of the machine"
		repeats = "records injected again, on the machine without shortcuts"
	)
	if err := v.reachable(); err != nil {
		for _, c := range [][2]string{{"model", model}, {"inputs", inputs}, {"sites", sites}, {"repeat", repeats}} {
			v.check(c[0], c[1], func() (int, string, error) { return 0, "", err })
		}
		return ctx.Err()
	}
	spec := v.stored.Spec
	var job *setup
	var pop campaign.Population
	var now campaign.Spec
	ok := v.check("model", model, func() (int, string, error) {
		sha, err := fileSHA(v.note[noteModel])
		if err != nil {
			return 1, "", err
		}
		if was := v.note[noteModelSHA]; was != "" && sha != was {
			return 1, "", fmt.Errorf("%s is another model: its SHA-256 is %.16s, that of the campaign %.16s", v.note[noteModel], sha, was)
		}
		if job, pop, now, err = reassemble(ctx, v.criterion(spec), v.note, allowedMemory()); err != nil {
			return 1, "", err
		}
		now.Criterion = spec.Criterion // by name; the digest of a module was compared
		if now.Program != spec.Program {
			return 1, "", job.changedModel(spec, now, v.note)
		}
		return 1, "", nil
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if ok {
		ok = v.check("inputs", inputs, func() (int, string, error) {
			if now.Inputs != spec.Inputs || now.InputCount != spec.InputCount {
				return len(job.inputs.data), "", job.changedInputs(v.note)
			}
			return len(job.inputs.data), "", nil
		})
	} else {
		v.left("inputs", inputs, "the model is not verified")
	}
	if !ok {
		v.left("sites", sites, "model and inputs are not verified")
		v.left("repeat", repeats, "model and inputs are not verified")
		return nil
	}
	var x *experiment
	ok = v.check("sites", sites, func() (int, string, error) {
		if err := job.changed(spec, now, v.note); err != nil {
			return 0, "", err
		}
		var err error
		if x, err = v.start(ctx, job); err != nil {
			return 0, "", err
		}
		accuracy := map[string]string{}
		if x.noteAccuracy(accuracy); accuracy[noteAccuracy] != v.note[noteAccuracy] {
			return 0, "", fmt.Errorf("of labelled inputs %q are right, the campaign says %q", accuracy[noteAccuracy], v.note[noteAccuracy])
		}
		return len(v.stored.Records), "", v.stored.IsOf(x.engine, pop)
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if !ok {
		v.left("repeat", repeats, "the sites are not verified")
		return nil
	}
	v.repeat(ctx, "repeat", repeats, v.stored, x.engine, nil)
	if err := ctx.Err(); err != nil {
		return err
	}
	return v.proofRecords(ctx, x)
}

// reachable reports, as a check that cannot be done, files that are not there.
func (v *verification) reachable() error {
	need := []string{v.note[noteModel]}
	switch {
	case v.pack != nil && v.pack.DigestsOnly && v.model == "":
		return undone("the pack holds digests of model and inputs only: give them with --model and --inputs")
	case v.note[noteModel] == "":
		return undone("the log names no model: it is a step of an assessment, or of a program of its own; give the folder of the assessment")
	case !v.stored.Spec.RandomInputs && v.note[noteInputs] == "":
		return undone("the log names no inputs: give them with --inputs")
	}
	if !v.stored.Spec.RandomInputs {
		need = append(need, v.note[noteInputs])
	}
	if f := v.note[noteInventory]; f != "" {
		need = append(need, f)
	}
	for _, f := range need {
		if _, err := os.Stat(f); errors.Is(err, os.ErrNotExist) {
			return undone("%s is not there: give --model and --inputs", f)
		}
	}
	if strings.HasPrefix(v.stored.Spec.Criterion, "go:") {
		return undone("the criterion is a function of a program of its own")
	}
	return nil
}

// criterion puts the module of the pack in place of the file that a spec names.
func (v *verification) criterion(s campaign.Spec) campaign.Spec {
	_, digest, isModule := strings.Cut(s.Criterion, "#")
	if v.pack != nil && v.pack.Criterion != "" && isModule {
		s.Criterion = inFolder(v.dir, v.pack.Criterion) + "#" + digest
	}
	return s
}

// repeat injects records of a campaign again.
func (v *verification) repeat(ctx context.Context, id, name string, s *campaign.Stored, e *engine.Engine, standing func() (faults.Guard, error)) {
	v.check(id, name, func() (int, string, error) {
		bar := v.progress("records injected again", v.most(len(s.Records)))
		defer bar.finish()
		r, err := s.Repeat(ctx, e, v.seed, v.most(len(s.Records)), v.workers, standing, bar.set, v.enough())
		if err != nil {
			return 0, "", err
		}
		if r.Differences > 0 {
			return r.Done, "", fmt.Errorf("%d of %d records differ; %s", r.Differences, r.Done, r.First)
		}
		u, err := stats.UpperLimit(0, r.Done, 0.95)
		if err != nil {
			return r.Done, "", err
		}
		if r.Done == len(s.Records) {
			return r.Done, "all of them", nil
		}
		return r.Done, fmt.Sprintf("of %d; more than %.2g %% of wrong records are excluded at 95 %%", len(s.Records), upwards(100*u)), nil
	})
}

// upwards rounds a limit up to two digits, so that what is printed is still one.
func upwards(x float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(x))-1)
	return math.Ceil(x/unit-1e-9) * unit
}
