package endurance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/disk"
	"upset/faults/engine"
	"upset/faults/protect"
	"upset/models/network"
	"upset/models/zoo"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
	"upset/stats/result"
)

// Disks runs campaigns, shards and proofs within this process on a disk that fails at a
// random operation, so many trials for each of them and each failure, and then goes on
// with them on a sound disk.
func (h *Harness) Disks(ctx context.Context, trials int) ([]Scenario, error) {
	e, err := h.engine()
	if err != nil {
		return nil, err
	}
	spec := campaign.Spec{Model: "endurance", Seed: h.Seed, Injections: max(200, h.Injections/10)}
	b := &bench{h, e, spec}
	var list []Scenario
	for _, k := range []struct {
		name string
		do   func(ctx context.Context, d disk.Disk, dir string) (string, int, error)
	}{{"campaign", b.campaign}, {"shards", b.shards}, {"proof", b.proof}} {
		sound := &disk.Failing{At: -1}
		want, records, err := k.do(ctx, sound, filepath.Join(h.Dir, "disk-"+k.name))
		if err != nil {
			return list, fmt.Errorf("%s on a sound disk: %w", k.name, err)
		}
		for f := range disk.NumFailures {
			s := Scenario{Name: f.String() + ", " + k.name}
			for n := range trials {
				if err := b.fails(ctx, &s, f, n, sound.Operations(), k.do, want, records); err != nil {
					return list, err
				}
			}
			h.say("%s: %d of %d trials met the failure, %d lost, %d doubled, %d wrong", s.Name, s.Failures, s.Trials, s.Lost, s.Doubled, s.Wrong)
			list = append(list, s)
		}
	}
	return list, nil
}

// engine is that of the network, as campaign run makes it.
func (h *Harness) engine() (*engine.Engine, error) {
	net, err := zoo.ByName(Network)
	if err != nil {
		return nil, err
	}
	model, err := net.ReadModel(h.Models)
	if err != nil {
		return nil, err
	}
	set, err := net.ReadInputs(h.Models)
	if err != nil {
		return nil, err
	}
	n, err := network.Open(model, isa.U55x128)
	if err != nil {
		return nil, err
	}
	return engine.New(n.Program(), set, faults.Options{ECC: npu.ECCSECDED}, nil)
}

// bench runs campaigns within this process.
type bench struct {
	*Harness
	e    *engine.Engine
	spec campaign.Spec
}

// fails is a trial.
func (b *bench) fails(ctx context.Context, s *Scenario, f disk.Failure, n, operations int, do func(context.Context, disk.Disk, string) (string, int, error), want string, records int) (err error) {
	rng := b.random(s.Name, n)
	dir := filepath.Join(b.Dir, "failing")
	defer func() {
		s.Litter += litter(dir)
		if e := os.RemoveAll(dir); err == nil {
			err = e
		}
	}()
	d := &disk.Failing{Failure: f, At: rng.IntN(operations), Once: rng.IntN(2) == 0, Random: rng}
	s.Trials++
	s.Processes++
	got, _, err := do(ctx, d, dir)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if d.Struck() > 0 {
		s.Failures++
	}
	switch {
	case err == nil && got != want:
		s.Wrong++
		s.note("operation %d of trial %d: another result, and no error", d.At, n)
	case err != nil && d.Struck() == 0:
		s.Wrong++
		s.note("operation %d of trial %d: %v before anything failed", d.At, n, err)
	}
	s.Processes++
	got, now, err := do(ctx, nil, dir)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil || got != want:
		s.Wrong++
		s.note("operation %d of trial %d, then a sound disk: %v", d.At, n, err)
	}
	s.Lost += max(0, records-now)
	s.Doubled += max(0, now-records)
	return nil
}

// ended is the digest and the number of the records of a result.
func ended(dir string, r *result.Campaign, err error) (string, int, error) {
	if err != nil {
		return "", 0, err
	}
	c, err := campaign.Load(dir)
	if err != nil {
		return "", 0, err
	}
	if d := c.ResultDigest(); d != r.ResultDigest {
		return "", 0, fmt.Errorf("the log has the digest %s, the result says %s", d, r.ResultDigest)
	}
	return r.ResultDigest, len(c.Records), nil
}

func (b *bench) campaign(ctx context.Context, d disk.Disk, dir string) (string, int, error) {
	r, err := campaign.Run(ctx, b.e, b.spec, dir, campaign.RunOptions{Disk: d})
	return ended(dir, r, err)
}

func (b *bench) shards(ctx context.Context, d disk.Disk, dir string) (string, int, error) {
	o := campaign.RunOptions{Disk: d}
	if _, err := campaign.Plan(ctx, b.e, b.spec, dir, campaign.Cut{Shards: 3}, o); err != nil {
		return "", 0, err
	}
	r, err := campaign.Work(ctx, b.e, dir, campaign.WorkOptions{RunOptions: o, Lease: campaign.DefaultLease / 1000})
	return ended(dir, r, err)
}

// proof searches for protection of a campaign that is made once, on a sound disk, and
// proves it. The target is the least strict one, so that a short campaign finds a design
// to be proven.
func (b *bench) proof(ctx context.Context, d disk.Disk, dir string) (string, int, error) {
	target, err := stats.ASILByName("asil-b")
	if err != nil {
		return "", 0, err
	}
	spec := b.spec
	spec.Injections *= 4
	from := filepath.Join(b.Dir, "disk-proof-campaign")
	if _, err := campaign.Run(ctx, b.e, spec, from, campaign.RunOptions{}); err != nil {
		return "", 0, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", 0, err
	}
	s, err := campaign.Load(from)
	if err != nil {
		return "", 0, err
	}
	r, err := protect.Run(ctx, b.e, s, protect.Options{
		Question: stats.Question{Target: target},
		Set:      protect.OptionsPaper, Dir: filepath.Join(dir, "proof"), Ledger: dir, MaxProof: b.spec.Injections, NoFront: true, Disk: d,
	})
	if err != nil {
		return "", 0, err
	}
	if len(r.Proof.Ledger) == 0 {
		return "", 0, errors.New("there was no proof: nothing is tested")
	}
	return campaign.Digest([]any{r.Choice, r.Proof.Attempts, r.Proof.Ledger, r.FITViolating}), r.Proof.Injections, nil
}
