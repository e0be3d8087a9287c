package cycles

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// Total is the whole of a network that a later Vela compiled, on one configuration.
type Total struct {
	Network string
	Config  isa.Config
	Ours    uint64
	Vela    float64 // cycles_total of Vela's summary
}

// Ratio is our cycles over Vela's.
func (t *Total) Ratio() float64 { return float64(t.Ours) / t.Vela }

// counted reports whether the network is large enough for its total to be judged.
func (t *Total) counted() bool { return t.Vela >= MinNetworkCycles }

const (
	summaryInfix = "_summary_"
	columnTotal  = "cycles_total"
)

// LaterNetworks lists the networks that a later Vela compiled for a configuration:
// those in dir/CONFIG with a summary.
func LaterNetworks(dir string, c isa.Config) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, c.String(), "*"+summaryInfix+"*.csv"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), summaryInfix)
		names = append(names, name)
	}
	return names, nil
}

// Later runs a network of dir on a configuration and sets its cycles beside Vela's
// estimate.
func Later(dir, name string, c isa.Config, sys npu.System) (Total, error) {
	t := Total{Network: name, Config: c}
	files, err := filepath.Glob(filepath.Join(dir, c.String(), name+summaryInfix+"*.csv"))
	if err != nil {
		return t, err
	}
	if len(files) == 0 {
		return t, fmt.Errorf("%s on %v: no summary in %s", name, c, dir)
	}
	if t.Vela, err = summary(files[0]); err != nil {
		return t, fmt.Errorf("%s: %w", files[0], err)
	}
	model, err := os.ReadFile(filepath.Join(dir, c.String(), name+networkSuffix))
	if err != nil {
		return t, err
	}
	n, err := network.Open(model, c)
	if err != nil {
		return t, fmt.Errorf("%s: %w", name, err)
	}
	sum := &Comparison{Network: name, Config: c}
	for _, p := range n.Programs() {
		if _, err := sum.run(p, sys); err != nil {
			return t, fmt.Errorf("%s on %v: %w", name, c, err)
		}
	}
	t.Ours = sum.Ours
	return t, nil
}

// summary reads the total of a summary of Vela: a line of titles and one of values.
func summary(file string) (float64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	title, err := r.Read()
	if err != nil {
		return 0, err
	}
	values, err := r.Read()
	if err != nil {
		return 0, err
	}
	for i, t := range title {
		if t == columnTotal {
			return number(values[i])
		}
	}
	return 0, errors.New("no column " + columnTotal)
}

// Bounds of the totals of Vela 5.1 (our choice: counters of silicon come first, see
// docs/silicon.md; the estimates are to stay near).
const (
	LaterLow  = 0.85
	LaterHigh = 1.18
)

// writeLaterSummary writes the row of the summary for a later Vela.
func writeLaterSummary(b *strings.Builder, later []Total) {
	lo, hi, counted, inside := math.Inf(1), 0.0, 0, 0
	for i := range later {
		t := &later[i]
		if !t.counted() {
			continue
		}
		r := math.Round(t.Ratio()*100) / 100
		counted++
		lo, hi = min(lo, r), max(hi, r)
		if r >= LaterLow && r <= LaterHigh {
			inside++
		}
	}
	fmt.Fprintf(b, "| totals of at least %d cycles, ours ÷ Vela 5.1's for its streams | %.2f–%.2f each | %d of %d inside; %.2f–%.2f | %s |\n",
		MinNetworkCycles, LaterLow, LaterHigh, inside, counted, lo, hi, mark(inside == counted))
}

// writeLater writes the totals of a later Vela, with the ratio of 3.10 behind them.
func writeLater(b *strings.Builder, list []*Comparison, later []Total) {
	if len(later) == 0 {
		return
	}
	at := map[string]map[isa.Config]*Total{}
	var names []string
	for i := range later {
		t := &later[i]
		if at[t.Network] == nil {
			at[t.Network] = map[isa.Config]*Total{}
			names = append(names, t.Network)
		}
		at[t.Network][t.Config] = t
	}
	_, before := byNetwork(list)
	fmt.Fprintf(b, "\n## Vela 5.1\n\nThe streams of Vela 5.1, whose core is new, and its own estimates, with the same options. Ours / Vela's = ratio; behind it that of\nVela 3.10 for its own stream.\n\n| network |")
	for _, c := range isa.Configs {
		fmt.Fprintf(b, " %s |", strings.ToUpper(c.String()))
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(isa.Configs)) + "\n")
	for _, n := range names {
		fmt.Fprintf(b, "| %s |", n)
		for _, cfg := range isa.Configs {
			t := at[n][cfg]
			if t == nil {
				b.WriteString(" – |")
				continue
			}
			fmt.Fprintf(b, " %d / %.0f = %.2f", t.Ours, t.Vela, t.Ratio())
			if c := before[n][cfg]; c != nil {
				fmt.Fprintf(b, " (3.10: %.2f)", c.Ratio())
			}
			b.WriteString(" |")
		}
		b.WriteString("\n")
	}
}
