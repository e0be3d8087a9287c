package endurance

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"gonum.org/v1/gonum/stat"

	"upset/faults/campaign"
)

// Growth is how the resident memory of a campaign changes over time.
type Growth struct {
	Program  string `json:"program"`
	Revision string `json:"revision"`
	Machine  string `json:"machine"`
	Network  string `json:"network"`
	// Injections were done when the campaign was stopped.
	Injections int      `json:"injections"`
	Samples    []Moment `json:"samples"`
	// SlopeMiBPerHour is that of a straight line through the samples behind the first
	// quarter, by least squares, and SlopeError its standard error; the first quarter has the
	// fault-free runs and caches that fill.
	SlopeMiBPerHour float64 `json:"slope_mib_per_hour"`
	SlopeError      float64 `json:"slope_error"`
	// PeakMiB is the most that was resident at any time, as the kernel counts it.
	PeakMiB float64 `json:"peak_mib"`
}

// Moment is the resident memory at a time.
type Moment struct {
	Seconds float64 `json:"seconds"`
	MiB     float64 `json:"mib"`
}

// Hours is how long the campaign ran.
func (g *Growth) Hours() float64 {
	if len(g.Samples) == 0 {
		return 0
	}
	return g.Samples[len(g.Samples)-1].Seconds / 3600
}

// Fit takes the slope. Its error takes samples for independent, which those between two
// collections of garbage are not: it is too small rather than too large.
func (g *Growth) Fit() error {
	var x, y []float64
	for _, m := range g.Samples[len(g.Samples)/4:] {
		x, y = append(x, m.Seconds/3600), append(y, m.MiB)
	}
	if len(x) < 4 {
		return fmt.Errorf("%d samples are too few for a slope", len(g.Samples))
	}
	at, slope := stat.LinearRegression(x, y, nil, false)
	rest := 0.0
	for i := range x {
		d := y[i] - at - slope*x[i]
		rest += d * d
	}
	_, spread := stat.MeanVariance(x, nil)
	n := float64(len(x))
	g.SlopeMiBPerHour, g.SlopeError = slope, math.Sqrt(rest/(n-2)/(spread*(n-1)))
	return nil
}

var (
	residentLine = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB$`)
	peakLine     = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)
)

// memoryOf reads the resident memory of a process and its peak, in MiB. It needs /proc.
func memoryOf(pid int) (now, peak float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for _, x := range []struct {
		line *regexp.Regexp
		to   *float64
	}{{residentLine, &now}, {peakLine, &peak}} {
		m := x.line.FindSubmatch(text)
		if m == nil {
			return 0, 0, errors.New("the process has no memory any more")
		}
		kib, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			return 0, 0, err
		}
		*x.to = kib / 1024
	}
	return now, peak, nil
}

// Grow runs a campaign without end on a network for a time, and looks at its memory every
// so often. The campaign is then interrupted as a user would.
func (p Program) Grow(ctx context.Context, network, dir string, long, every time.Duration, say func(format string, values ...any)) (g *Growth, err error) {
	g = &Growth{Network: network}
	if g.Program, err = p.Version(ctx); err != nil {
		return nil, err
	}
	g.Machine = machine()
	cmd := exec.CommandContext(ctx, p.Path, "campaign", "run", network, "--injections", "10000000", "--out", dir, "--workers", "1")
	cmd.Env = append(os.Environ(), p.Env...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	began := time.Now()
	for time.Since(began) < long {
		select {
		case err := <-ended:
			return nil, fmt.Errorf("the campaign ended after %s: %w", time.Since(began).Round(time.Second), err)
		case <-time.After(every):
		}
		now, peak, err := memoryOf(cmd.Process.Pid)
		if err != nil {
			return nil, errors.Join(err, cmd.Process.Kill())
		}
		g.PeakMiB = peak
		g.Samples = append(g.Samples, Moment{time.Since(began).Seconds(), now})
		say("%6.0f s  %7.1f MiB resident", time.Since(began).Seconds(), now)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		return nil, err
	}
	var exit *exec.ExitError
	if err := <-ended; !errors.As(err, &exit) || exit.ExitCode() != 3 {
		return nil, fmt.Errorf("interrupted, the campaign ended with %w", err)
	}
	state, err := campaign.Status(dir)
	if err != nil {
		return nil, err
	}
	g.Injections = state.Done
	return g, g.Fit()
}
