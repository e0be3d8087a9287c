package qualify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"upset/faults/campaign"
	"upset/npu"
	"upset/npu/isa"
)

// Sizes of the checks of records (our choice: seconds each).
const (
	recordInjections = 3000
	killedInjections = 20000 // so that a kill finds records behind the start of the process
	kills            = 5
	mostTried        = 40 // kills, of which some come too late
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

// killed runs a campaign as a process of its own, kills it at random times within that of an undisturbed
// one, and lets it end. Only kills before the end count, and half as many as are asked for must come when there is
// something to lose.
func killed(ctx context.Context, b *bench) (f finding, err error) {
	if b.Self == nil {
		f.left = "no program to kill was given"
		return f, nil
	}
	v := victim{bench: b, rng: rand.New(rand.NewPCG(b.Seed, kills))}
	quiet := filepath.Join(b.Dir, "quiet")
	began := time.Now()
	if err := v.finish(quiet); err != nil {
		return f, err
	}
	v.takes = time.Since(began)
	undisturbed, err := campaign.Load(quiet)
	if err != nil {
		return f, err
	}
	want := undisturbed.ResultDigest()
	// end lets a campaign end and compares it.
	end := func(dir string) error {
		if err := v.finish(dir); err != nil {
			return fmt.Errorf("resume: %w", err)
		}
		z, err := campaign.Load(dir)
		if err != nil {
			return err
		}
		if !z.Complete || z.ResultDigest() != want {
			f.fail("complete %t, digest %s, undisturbed %s", z.Complete, z.ResultDigest(), want)
		}
		return nil
	}
	const folder = "killed-%d"
	least, half := b.n(kills), (b.n(kills)+1)/2
	dir, torn, begun := filepath.Join(b.Dir, fmt.Sprintf(folder, 0)), 0, false
	for tried := 0; tried < mostTried && (f.cases < least || torn < half); tried++ {
		hit, err := v.kill(ctx, dir)
		if err != nil {
			return f, err
		}
		if hit {
			f.cases++
			begun = true
			if stored, err := campaign.Load(dir); err == nil && len(stored.Records) > 0 && !stored.Complete {
				torn++
			}
			continue
		}
		if begun { // it has been killed before, and came to its end
			if err := end(dir); err != nil {
				return f, err
			}
		}
		dir, begun = filepath.Join(b.Dir, fmt.Sprintf(folder, tried+1)), false
	}
	if begun {
		if err := end(dir); err != nil {
			return f, err
		}
	}
	if f.cases < least || torn < half {
		f.left = fmt.Sprintf("of %d kills %d came before the end, %d of them when records were stored", mostTried, f.cases, torn)
		return f, nil
	}
	f.measured = fmt.Sprintf("before the end, %d of them when records were stored; digest %.16s", torn, want)
	return f, nil
}

// victim is the program with a campaign that is killed.
type victim struct {
	*bench
	rng   *rand.Rand
	takes time.Duration // undisturbed
}

// command is the campaign in a folder.
func (v *victim) command(dir string) *exec.Cmd {
	return v.Self("campaign", "run", filepath.Join(v.models, small+".tflite"), "--seed", fmt.Sprint(v.Seed), "--injections", fmt.Sprint(killedInjections), "--out", dir)
}

// finish lets it come to its end.
func (v *victim) finish(dir string) error {
	if out, err := v.command(dir).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// kill kills it at a random time, and reports whether that was before its end.
func (v *victim) kill(ctx context.Context, dir string) (hit bool, err error) {
	c := v.command(dir)
	if err := c.Start(); err != nil {
		return false, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case <-time.After(time.Duration(v.rng.Int64N(int64(v.takes)))):
		if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return false, err
		}
		return <-ended != nil, nil
	case err := <-ended:
		if err != nil {
			return false, fmt.Errorf("a campaign that was not killed: %w", err)
		}
		return false, nil
	case <-ctx.Done():
		_ = c.Process.Kill()
		<-ended
		return false, ctx.Err()
	}
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
