package endurance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"upset/faults/campaign"
)

// Growth is how the memory of a campaign changes over time.
type Growth struct {
	Program  string `json:"program"`
	Revision string `json:"revision"`
	Machine  string `json:"machine"`
	Network  string `json:"network"`
	// Injections were done when the campaign was stopped.
	Injections int      `json:"injections"`
	Samples    []Moment `json:"samples"`
	// Resident is the slope of what is resident, Live that of what the garbage collector
	// found alive, which is the sharper one: what is resident stays below the limit that
	// --memory sets, whatever happens, and collections come more often instead.
	Resident Slope `json:"resident"`
	Live     Slope `json:"live"`
	// PeakMiB is the most that was resident at any time, as the kernel counts it.
	PeakMiB float64 `json:"peak_mib"`
}

// Moment is the memory at a time.
type Moment struct {
	Seconds float64 `json:"seconds"`
	MiB     float64 `json:"mib"`
	// LiveMiB was alive when garbage was last collected, 0 where that was before the latest
	// round was planned.
	LiveMiB float64 `json:"live_mib,omitempty"`
	// Planned is the number of injections in the rounds that are planned so far: the records
	// of all of them have their place from the start of the round.
	Planned int `json:"planned"`
}

// Slope is that of the samples behind the first quarter, which has the fault-free runs and
// caches that fill: the median of the slopes between all two samples of the same round, with its
// 95 % limits (P. K. Sen, Estimates of the regression coefficient based on Kendall's tau,
// JASA 63, 1968). A sample in the middle of a collection, or between the plan of a round and
// the line that tells of it, does not move it.
type Slope struct {
	MiBPerHour float64 `json:"mib_per_hour"`
	Lower      float64 `json:"lower"`
	Upper      float64 `json:"upper"`
}

func (s Slope) String() string {
	return fmt.Sprintf("%+.1f MiB an hour [%+.1f, %+.1f]", s.MiBPerHour, s.Lower, s.Upper)
}

// Hours is how long the campaign ran.
func (g *Growth) Hours() float64 {
	if len(g.Samples) == 0 {
		return 0
	}
	return g.Samples[len(g.Samples)-1].Seconds / 3600
}

// Fit takes the slopes. Their limits take samples for independent, which those between two
// collections of garbage are not: they are too narrow rather than too wide.
func (g *Growth) Fit() (err error) {
	later := g.Samples[len(g.Samples)/4:]
	if g.Resident, err = slope(later, func(m Moment) float64 { return m.MiB }); err != nil {
		return err
	}
	g.Live, err = slope(later, func(m Moment) float64 { return m.LiveMiB })
	return err
}

// slope is that within the rounds.
func slope(samples []Moment, of func(Moment) float64) (Slope, error) {
	rounds := make(map[int][]Moment)
	for _, m := range samples {
		if of(m) > 0 {
			rounds[m.Planned] = append(rounds[m.Planned], m)
		}
	}
	var slopes []float64
	variance := 0.0 // of the number of rising pairs less that of falling ones
	for _, round := range rounds {
		for i, m := range round {
			for _, before := range round[:i] {
				slopes = append(slopes, (of(m)-of(before))/(m.Seconds-before.Seconds)*3600)
			}
		}
		n := float64(len(round))
		variance += n * (n - 1) * (2*n + 5) / 18
	}
	if len(slopes) < 10 {
		return Slope{}, fmt.Errorf("%d samples in %d rounds are too few for a slope", len(samples), len(rounds))
	}
	slices.Sort(slopes)
	off := distuv.UnitNormal.Quantile(0.975) * math.Sqrt(variance) / 2
	rank := func(r float64) float64 {
		return slopes[min(max(0, int(math.Round(r))), len(slopes)-1)]
	}
	middle := float64(len(slopes)-1) / 2
	return Slope{rank(middle), rank(middle - off), rank(middle + off)}, nil
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

// listener passes on what a process prints and takes from it what the garbage collector
// found alive, and how many injections are planned.
type listener struct {
	to io.Writer

	mu      sync.Mutex
	part    []byte // of a line
	live    float64
	planned int
}

var (
	// collectedLine is that of GODEBUG=gctrace=1: sizes when the collection began, when it ended,
	// and of what is alive.
	collectedLine = regexp.MustCompile(`^gc \d+ @.* \d+->\d+->(\d+) MB, `)
	plannedLine   = regexp.MustCompile(`injections: \d+ of (\d+)`)
)

func (l *listener) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.part = append(l.part, b...)
	for {
		line, rest, ok := bytes.Cut(l.part, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		if m := collectedLine.FindSubmatch(line); m != nil {
			l.live, _ = strconv.ParseFloat(string(m[1]), 64) // digits
		} else {
			if m := plannedLine.FindSubmatch(line); m != nil {
				if n, _ := strconv.Atoi(string(m[1])); n != l.planned { // digits
					l.planned, l.live = n, 0
				}
			}
			if _, err := l.to.Write(append(line, '\n')); err != nil {
				return 0, err
			}
		}
		l.part = rest
	}
}

// heard is what the process has said of itself.
func (l *listener) heard() (live float64, planned int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.live, l.planned
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
	cmd.Env = append(append(os.Environ(), p.Env...), "GODEBUG=gctrace=1")
	says := &listener{to: os.Stderr}
	cmd.Stderr = says
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
		live, planned := says.heard()
		g.Samples = append(g.Samples, Moment{time.Since(began).Seconds(), now, live, planned})
		say("%6.0f s  %7.1f MiB resident, %5.0f MiB alive", time.Since(began).Seconds(), now, live)
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
