package qualify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"upset/faults/campaign"
	"upset/npu"
	"upset/npu/isa"
)

// Sizes of the checks of records (our choice: seconds each).
const (
	recordInjections = 3000
	kills            = 5
	longestWait      = 1500 * time.Millisecond // before a kill
	flippedBits      = 60
)

// spec is the campaign of these checks.
func (b *bench) spec() campaign.Spec {
	return campaign.Spec{Model: small, Seed: b.Seed, Injections: b.n(recordInjections)}
}

// campaignIn runs a campaign in a folder under Dir.
func (b *bench) campaignIn(ctx context.Context, name string, workers int) (dir, digest string, err error) {
	e, err := b.engine(isa.U55x128, npu.ECCSECDED)
	if err != nil {
		return "", "", err
	}
	dir = filepath.Join(b.Dir, name)
	r, err := campaign.Run(ctx, e, b.spec(), dir, campaign.RunOptions{Workers: workers})
	if err != nil {
		return "", "", err
	}
	return dir, r.ResultDigest, nil
}

// workers runs one campaign with several numbers of workers.
func workers(ctx context.Context, b *bench) (f finding, err error) {
	var first string
	for _, n := range []int{1, 2, 5} {
		_, d, err := b.campaignIn(ctx, fmt.Sprintf("workers-%d", n), n)
		if err != nil {
			return f, err
		}
		if f.cases++; first == "" {
			first = d
		}
		if d != first {
			f.fail("%d workers: %s, one: %s", n, d, first)
		}
	}
	f.measured = "digest " + first[:16]
	return f, nil
}

// killed runs a campaign as a process of its own, kills it again and again, and lets it
// end.
func killed(ctx context.Context, b *bench) (f finding, err error) {
	if b.Self == nil {
		f.left = "no program to kill was given"
		return f, nil
	}
	rng := rand.New(rand.NewPCG(b.Seed, kills))
	args := func(dir string) []string {
		return []string{"campaign", "run", filepath.Join(b.models, small+".tflite"), "--seed", fmt.Sprint(b.Seed), "--injections", fmt.Sprint(b.spec().Injections), "--out", dir}
	}
	quiet, torn := filepath.Join(b.Dir, "quiet"), filepath.Join(b.Dir, "killed")
	if out, err := b.Self(args(quiet)...).CombinedOutput(); err != nil {
		return f, fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	hit := 0
	for range b.n(kills) {
		c := b.Self(args(torn)...)
		if err := c.Start(); err != nil {
			return f, err
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		select {
		case <-time.After(time.Duration(rng.Int64N(int64(longestWait)))):
			if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return f, err
			}
			if err := <-ended; err != nil {
				hit++
			}
		case err := <-ended:
			if err != nil {
				return f, fmt.Errorf("a campaign that was not killed: %w", err)
			}
		case <-ctx.Done():
			_ = c.Process.Kill()
			<-ended
			return f, ctx.Err()
		}
		f.cases++
	}
	if out, err := b.Self(args(torn)...).CombinedOutput(); err != nil {
		return f, fmt.Errorf("resume: %w: %s", err, bytes.TrimSpace(out))
	}
	a, err := campaign.Load(quiet)
	if err != nil {
		return f, err
	}
	z, err := campaign.Load(torn)
	if err != nil {
		return f, err
	}
	if !z.Complete || a.ResultDigest() != z.ResultDigest() {
		f.fail("complete %t, digest %s, undisturbed %s", z.Complete, z.ResultDigest(), a.ResultDigest())
	}
	f.measured = fmt.Sprintf("%d of them before the end; digest %.16s", hit, z.ResultDigest())
	return f, nil
}

// damaged flips single bits of a stored campaign. What is read then is refused, or a
// campaign that says that it is torn, or the very same.
func damaged(ctx context.Context, b *bench) (f finding, err error) {
	dir, digest, err := b.campaignIn(ctx, "whole", b.Workers)
	if err != nil {
		return f, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return f, err
	}
	var log string
	var data []byte
	for _, name := range names { // the log is the largest file
		if d, err := os.ReadFile(name); err == nil && len(d) > len(data) {
			log, data = name, d
		}
	}
	rng := rand.New(rand.NewPCG(b.Seed, flippedBits))
	noticed := 0
	for range b.n(flippedBits) {
		at := rng.IntN(8 * len(data))
		torn := bytes.Clone(data)
		torn[at/8] ^= 1 << (at % 8)
		if err := os.WriteFile(log, torn, 0o644); err != nil {
			return f, err
		}
		f.cases++
		s, err := campaign.Load(dir)
		switch {
		case err != nil || s.Torn || !s.Complete:
			noticed++
		case s.ResultDigest() != digest:
			f.fail("bit %d of %s: read as a whole campaign with digest %s, was %s", at, filepath.Base(log), s.ResultDigest(), digest)
		}
	}
	f.measured = fmt.Sprintf("%d noticed", noticed)
	return f, os.WriteFile(log, data, 0o644)
}
