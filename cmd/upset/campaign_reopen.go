package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/criterion"
	"upset/models/check"
	"upset/models/inputs"
	"upset/npu"
)

// reopen rebuilds the experiment of a stored campaign, after it has made sure that model,
// inputs, system and sites are those of the campaign.
func (p *program) reopen(ctx context.Context, s campaign.Spec, note map[string]string) (*experiment, campaign.Population, error) {
	job, pop, now, err := reassemble(ctx, s, note, memoryOf(p.engines, s.Injections))
	if err != nil {
		return nil, nil, err
	}
	if err := job.changed(s, now, note); err != nil {
		return nil, nil, err
	}
	x, err := p.start(ctx, job)
	return x, pop, err
}

// reassemble puts the experiment of a stored campaign together from the files that its note
// names. Now is the spec that it has, which differs from the stored one where something
// was changed.
func reassemble(ctx context.Context, s campaign.Spec, note map[string]string, memory int) (job *setup, pop campaign.Population, now campaign.Spec, err error) {
	o := faults.Options{Memory: memory}
	if err := json.Unmarshal([]byte(s.System), &o.System); err != nil || o.System == (npu.System{}) {
		return nil, nil, now, fmt.Errorf("the campaign names the system %q, which is not known", s.System)
	}
	if o.Criterion, err = criterion.Parse(s.Criterion); err != nil {
		return nil, nil, now, err
	}
	if o.Model, err = faults.ParseModel(s.Fault); err != nil {
		return nil, nil, now, err
	}
	o.ECC, o.NoWatchdog, o.AssumeReload = eccNames[s.ECC], s.NoWatchdog, s.AssumeReload
	if note[noteModel] == "" {
		return nil, nil, now, usage("the campaign names no model: it is a step of upset protect or upset assess, which go on with it themselves")
	}
	config, err := parseConfig(s.NPU)
	if err != nil {
		return nil, nil, now, err
	}
	n, err := openModel(ctx, note[noteModel], check.Choice{Config: config, Given: true, Options: notedOpening(note, o.System)})
	if err != nil {
		return nil, nil, now, err
	}
	found := drawInputs(s.Seed, n)
	if !s.RandomInputs {
		var pictures inputs.Options
		if pictures, err = notedPictures(note); err != nil {
			return nil, nil, now, err
		}
		pictures.Frames = s.Frames
		if found, err = readInputs(note[noteInputs], note[noteModel], s.Seed, n, pictures); err != nil {
			return nil, nil, now, err
		}
	}
	if note[noteHeld] != "" || s.RandomInputs {
		found = found.split()
	}
	job, err = newSetup(n, found, o, note[noteModel], max(1, s.Frames))
	if err != nil {
		return nil, nil, now, err
	}
	pop, err = populationOf(s, note)
	if err != nil {
		return nil, nil, now, err
	}
	now = s.Of(job.program, job.inputs.data, job.options)
	now.Table = pop.Digest()
	return job, pop, now, nil
}

// note is what a log keeps of an experiment beside its spec.
func (s *setup) note(command string) (map[string]string, error) {
	sha, err := fileSHA(s.file)
	if err != nil {
		return nil, err
	}
	note := map[string]string{
		noteModel: absolute(s.file), noteCommand: command,
		noteModelSHA: sha, noteInputSHAs: strings.Join(s.inputs.digests(), " "),
	}
	noteOpening(note, s.opening)
	if s.inputs.folder != "" {
		note[noteInputs] = absolute(s.inputs.folder)
		notePictures(note, s.inputs.options)
		if s.inputs.held != nil {
			note[noteHeld] = "every second"
		}
	}
	return note, nil
}

// fileSHA is the SHA-256 of a model's file.
func fileSHA(file string) (string, error) {
	data, err := readFile(file, maxModel)
	if err != nil {
		return "", bad(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// digests are the first eight bytes of the SHA-256 of every input.
func (s *inputSet) digests() []string {
	list := make([]string, len(s.data))
	for i, d := range s.data {
		sum := sha256.Sum256(d)
		list[i] = hex.EncodeToString(sum[:8])
	}
	return list
}

// changed says what is no longer as it was when the campaign began, and the remedy.
func (s *setup) changed(was, now campaign.Spec, note map[string]string) error {
	for _, d := range was.Differences(now) {
		switch d.Key {
		case "program":
			return s.changedModel(was, now, note)
		case "inputs", "input_count":
			return s.changedInputs(note)
		case "table":
			if file := note[noteInventory]; file != "" {
				return usage("the inventory %s gives the sites the digest %.16s, the campaign has %.16s: put the original back, or run a new campaign", file, now.Table, was.Table)
			}
			return usage("the sites have the digest %.16s, the campaign has %.16s: it is of a machine with mechanisms or of another build", now.Table, was.Table)
		}
	}
	if list := was.Differences(now); len(list) > 0 {
		d := list[0]
		return usage("%s is %s in the campaign and %s now: use the build that began it, see upset campaign status", d.Key, d.Stored, d.Now)
	}
	return nil
}

// changedModel says why the program is another one.
func (s *setup) changedModel(was, now campaign.Spec, note map[string]string) error {
	sha, err := fileSHA(s.file)
	if err != nil {
		return err
	}
	if stored := note[noteModelSHA]; sha == stored {
		return usage("%s is the model of the campaign, but this build makes another program of it (digest %.16s, the campaign has %.16s): use the build that began it, see upset campaign status",
			s.file, now.Program, was.Program)
	} else if stored != "" {
		return usage("%s is another model than that of the campaign: its SHA-256 is %.16s, that of the campaign %.16s (programs %.16s and %.16s); put the original back, give it with --model to upset campaign resume, or run a new campaign",
			s.file, sha, stored, now.Program, was.Program)
	}
	return usage("%s gives a program of digest %.16s, the campaign has %.16s: give the original model, or run a new campaign", s.file, now.Program, was.Program)
}

// changedInputs says which input is another one.
func (s *setup) changedInputs(note map[string]string) error {
	const remedy = "put the originals back, give their folder with --inputs to upset campaign resume, or run a new campaign"
	where := s.inputs.folder
	if s.inputs.random {
		where = "the seeded draw"
	}
	stored, found := strings.Fields(note[noteInputSHAs]), s.inputs.digests()
	if len(stored) != len(found) {
		return usage("%s has %d inputs, the campaign has %d; %s", where, len(found), len(stored), remedy)
	}
	first, others := -1, 0
	for i := range found {
		if found[i] == stored[i] {
			continue
		}
		if first < 0 {
			first = i
		} else {
			others++
		}
	}
	if first < 0 {
		return usage("the inputs in %s are other ones than those of the campaign; %s", where, remedy)
	}
	name := fmt.Sprintf("input %d", first)
	if first < len(s.inputs.names) {
		name = fmt.Sprintf("%s (input %d)", s.inputs.names[first], first)
	}
	more := ""
	if others > 0 {
		more = fmt.Sprintf(", and %d other inputs differ", others)
	}
	return usage("%s of %s was changed: its digest is %s, that of the campaign %s%s; %s", name, where, found[first], stored[first], more, remedy)
}
