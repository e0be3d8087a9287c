package qualify

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"upset/models/network"
	"upset/models/zoo"
	"upset/npu/isa"
	"upset/stats/result"
)

// Options of a run of all checks.
type Options struct {
	// Dir is a folder of the caller's for campaigns; it is left to the caller to remove.
	Dir string
	// Seed draws samples.
	Seed uint64
	// Workers is the number of injections under way at once.
	Workers int
	// Divide makes samples so many times smaller; 0 and 1 are the whole.
	Divide int
	// Self makes a command that runs the tool with arguments, for checks that kill it.
	// Without it these are left out, and the result says so.
	Self func(args ...string) *exec.Cmd
	// Progress, which may be nil, is told which check begins.
	Progress func(c *Check)
}

// bench is what checks work on.
type bench struct {
	Options
	models string // folder of the shipped networks
	known  Known
}

// n is a sample size under Divide.
func (b *bench) n(whole int) int { return max(1, whole/max(1, b.Divide)) }

// open is a shipped network on a configuration, with at most so many of its inputs.
func (b *bench) open(name string, cfg isa.Config, most int) (*network.Network, [][]byte, error) {
	z, err := zoo.ByName(name)
	if err != nil {
		return nil, nil, err
	}
	data, err := z.ReadModel(b.models)
	if err != nil {
		return nil, nil, err
	}
	inputs, err := z.ReadInputs(b.models)
	if err != nil {
		return nil, nil, err
	}
	n, err := network.Open(data, cfg)
	return n, inputs[:min(most, len(inputs))], err
}

// finding is what a check found.
type finding struct {
	cases    int
	failures int
	measured string // beyond the count of failures
	example  string // the first failure
	left     string // why the check was left out, empty where it ran
}

// fail notes a failure.
func (f *finding) fail(format string, args ...any) {
	if f.failures++; f.example == "" {
		f.example = fmt.Sprintf(format, args...)
	}
}

// Check is one check of the tool.
type Check struct {
	ID   string
	Name string
	// Limit is what must hold.
	Limit string
	run   func(ctx context.Context, b *bench) (finding, error)
}

// Checks lists all checks in the order in which they run.
func Checks() []Check {
	return []Check{
		{"K1", "fault-free outputs of the shipped networks on all configurations against the reference interpreter", "equal byte for byte", referenced},
		{"K2", "outputs and cycles of the shipped networks against the known answers", "all equal", answers},
		{"K3", "the probe campaign, and upsets beside every mechanism, against the known digests", "both equal", probes},
		{"E1", "faults repeated on the plain machine from cycle 0 without any shortcut", "0 differences", plain},
		{"E2", "faults repeated beside mechanisms, all running from cycle 0", "0 differences", guarded},
		{"E3", "masked faults followed into later inferences", "none does harm", followed},
		{"E4", "blocks beside gates made from a second implementation, undisturbed and with flips", "0 differences", gates},
		{"T1", "the exhaustive truth against machines stepped from cycle 0", "0 differences", truthStepped},
		{"T2", "the fast engine against the exhaustive truth", "0 differences", truthFast},
		{"T3", "the exhaustive truth with planted mistakes against the fast engine", "every comparison notices", truthPlanted},
		{"S1", "confidence intervals of repeated campaigns over the exhaustive truth", "coverage not refuted at 95 %, Holm-adjusted", intervals},
		{"S2", "verdicts on planted designs just beyond the budget", "false claims not refuted to be at most the declared error", falseClaims},
		{"S3", "regression test of equal campaigns, and of one with half as many violations more", "equal ones pass, the worse one does not", regression},
		{"R1", "one campaign with 1, 2 and 5 workers", "one digest", workers},
		{"R2", "a campaign that is killed at random times and resumed", "the digest of an undisturbed one", killed},
		{"R3", "stored campaigns with a flipped bit", "each is noticed, or reads as before", damaged},
	}
}

// Run runs all checks. A check that fails is part of the result; an error is one that
// could not be run.
func Run(ctx context.Context, o Options) (*result.Qualify, error) {
	b := &bench{Options: o}
	var err error
	if b.models, err = unpack(o.Dir); err != nil {
		return nil, err
	}
	if b.known, err = readKnown(); err != nil {
		return nil, err
	}
	r := &result.Qualify{Seed: o.Seed, Pass: true, UseCases: useCases, Malfunctions: malfunctions, Anomalies: anomalies}
	for _, c := range Checks() {
		if o.Progress != nil {
			o.Progress(&c)
		}
		began := time.Now()
		f, err := c.run(ctx, b)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", c.ID, err)
		}
		x := result.QualifyCheck{
			ID: c.ID, Name: c.Name, Limit: c.Limit, Cases: f.cases, Failures: f.failures, Measured: f.measured, Example: f.example,
			Left: f.left, Pass: f.failures == 0 && f.left == "" && f.cases > 0, Seconds: time.Since(began).Seconds(),
		}
		r.Checks = append(r.Checks, x)
		r.Pass = r.Pass && x.Pass
	}
	return r, nil
}
