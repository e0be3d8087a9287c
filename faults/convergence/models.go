package convergence

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"upset/faults"
	"upset/faults/engine"
	"upset/netlist"
)

// modelStream keeps these draws apart from all others.
const modelStream = 0x6d6f6465 // "mode"

// ModelResult is what became of a uniform draw under a fault model.
type ModelResult struct {
	Network, NPU, Model string
	Injections          int
	Outcomes            [faults.NumOutcomes]int
	Compared            int // with the plain machine
	Differences         int
}

// MeasureModel injects a uniform draw over all flops, or all cells of the SRAM, and
// compares the first ones with the plain machine.
func MeasureModel(e *engine.Engine, network string, sram bool, seed uint64, injections, compare int) (*ModelResult, error) {
	r := &ModelResult{Network: network, NPU: e.Program().Config.String(), Model: e.Options().Model.String(), Injections: injections}
	var list []*netlist.Register
	bits := 0
	for _, x := range e.Table().Select(netlist.Filter{NoSRAM: !sram, NoFlops: sram}) {
		list = append(list, x)
		bits += x.Bits()
	}
	w, err := e.Worker()
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, modelStream))
	for i := range injections {
		n := rng.IntN(bits)
		k := 0
		for n >= list[k].Bits() {
			n -= list[k].Bits()
			k++
		}
		s, input := faults.Site{ID: list[k].First + netlist.SiteID(n), Cycle: rng.Uint64N(e.Cycles())}, i%e.Inputs()
		fast, err := w.Inject(input, s, nil)
		if err != nil {
			return nil, err
		}
		r.Outcomes[fast.Outcome]++
		if i >= compare {
			continue
		}
		plain, err := w.Plain(input, s)
		if err != nil {
			return nil, err
		}
		if r.Compared++; !fast.Same(plain) {
			r.Differences++
		}
	}
	return r, nil
}

// WriteModels writes the page on fault models.
func WriteModels(w io.Writer, list []*ModelResult) error {
	var b strings.Builder
	b.WriteString(modelsText)
	b.WriteString("\n| network | NPU | fault model | injections | masked | corrected | SDC, tolerable | SDC, critical | stray write | persisting | DUE, detected | DUE, hang | compared with plain | differences |\n|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, r := range list {
		fmt.Fprintf(&b, "| %s | %s | `%s` | %s |", r.Network, r.NPU, r.Model, grouped(int64(r.Injections)))
		for _, o := range []faults.Outcome{faults.Masked, faults.Corrected, faults.SDCTolerable, faults.SDCCritical, faults.StrayWrite, faults.Latent, faults.DUEDetected, faults.DUEHang} {
			fmt.Fprintf(&b, " %.2f %% |", 100*float64(r.Outcomes[o])/float64(r.Injections))
		}
		fmt.Fprintf(&b, " %s | %d |\n", grouped(int64(r.Compared)), r.Differences)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const modelsText = `# Fault models

This page is written by

    go run ./faults/convergence/generate -models

A fault is a write to the machine's state between two clock edges. The model says which bits are written, and when.
` + "`--fault MODEL`" + ` chooses it in ` + "`upset campaign run`, `upset inject` and `upset validate engine`" + `. Assessments are of single
upsets, and of the pairs and permanent faults whose rates are declared (` + "`--pairs`, `--permanent-fit`" + `).

| model | what is written | source |
|---|---|---|
| ` + "`seu`" + ` | one bit is inverted | the model of all our rates |
| ` + "`pair`" + ` | a flop and its neighbour in the same element of a register (the next bit; at the upper end the one below) | our choice: where flops are placed is not known |
| ` + "`mcu[:finfet\\|28nm\\|shares=A/B/C/D][:interleave=N][:row][:flops]`" + ` | 1, 2, 3 or 4 cells of the shared buffer; one flop, or with ` + "`flops`" + ` as many neighbouring flops of an element | shares 0.94/0.05/0.008/0.002 (FinFET) and 0.90/0.07/0.02/0.01 (28 nm): our choice after Sakamoto et al., TNS 2025, and HPCA 2015 |
| ` + "`set`" + ` | blocks that have gates: what a pulse in their logic changes together, drawn from a measurement ([set.md](set.md)); other blocks: a flop takes over a wrong value at the clock edge that ends the cycle, if it loads at that edge | measured; assumed. How often pulses arise is not public: declare it (` + "`--set-fit-per-kge`" + `) |
| ` + "`stuck-at-0`, `stuck-at-1`" + ` | a flop has that value from the start of the inference to its end | gate-level fault models reduced to flops |
| ` + "`intermittent[:CYCLES]`" + ` | a flop keeps the wrong value for so many cycles (default 1,000) and then does as it is told | our choice |

**Multi-cell upsets.** A bank of the buffer holds 128 words with their check bits. N words lie in a row, interleaved bit by
bit; without ` + "`row`" + ` the cells lie on a bit line, in words N apart, so that no word has more than one wrong bit; with it they lie
side by side, in neighbouring words and, from N cells on, in the same word. The number of cells is drawn from the site, so
that a record can be repeated. Cells beyond the edge of the bank are dropped.

**Beside mechanisms** single upsets, pairs and multi-cell upsets are simulated. What an event hits of the mechanisms' own bits is
our choice, since nothing is known of placement: copies of flops stand as their originals do and apart from them; a parity bit
stands at the upper end of its group, the worst place, and beside other parity bits where groups are interleaved; a pulse at a
voter's output is single. Of hardened cells that are struck together each flips for itself, at its own ratio.
[mechanisms.md](mechanisms.md) has what every mechanism makes of pairs.

**Pulses.** In a block whose pulses were measured ([set.md](set.md)) an injection stands for an event, which may have bits of several
registers. It has an effect only where the block does at that edge what it did when the event was measured: changes a
register, or none. In all other blocks one flop is struck, and whether it loads is found by simulation: one that is inverted a cycle earlier and
still is after the edge does not load, unless its fault-free value changes at that edge. Pulses that are not taken are pruned and count as masked.
A campaign draws measured events as often as they occur and lists which blocks are measured and which assumed; rows of the table below draw
over flops alike, so that those that no pulse reaches count as masked.

**Stuck faults** of a campaign are simulated to the end, without any shortcut, so that the comparison below says nothing of
them; what the next inference does is not asked of a stuck flop. Their shares are not multiplied with a rate. Beside a mechanism
campaigns of stuck, intermittent and pulse faults are not simulated; pulses at a declared rate are, in "upset assess" and
"upset protect" ([set.md](set.md)).

**Permanent faults in a verdict.** With a declared permanent rate (--permanent-fit, --lifetime, --test-interval) "upset assess"
and "upset protect" inject stuck-at faults themselves. What is public: the metrics and their targets (ISO 26262-5). What is
forced: a fault is safe only if it is masked on every input of every network; it is harmful if one of them ends in a violation
without a report before. What is our choice: a flop is stuck at 0 as often as at 1; each input starts from reset; the rate is
shared between flops and the gates between them by area, or as --permanent-flop-share says. One sample of 1,200 faults
(--stuck-at) serves the search, a fresh one the verdict. A run begins at the cycle at which the flop reads wrong for the first
time, before which nothing differs (a test compares with runs from cycle 0), and a fault is done with the first inference that
it harms. Of what is harmful without mechanisms, the runs beside the design tell what parity, comparison and checkers see of it;
a voter delivers the right value and reports nothing, which LFM counts as latent; a hardened cell is stuck as often as a plain
one, and more often by its area. A fault that the NPU or the watchdog reports on some inputs and that is masked on all others is
detected. Flops speak for flops: gates have not been injected, so that any part of their rate may violate, and no verdict
on permanent faults is met while they have one. --permanent-coverage annex-d takes the values of ISO 26262-5, annex D,
instead (99 % for comparison, 60 % for parity), and everything else as single-point.

Uniform draws over all flops; those of multi-cell upsets over all cells of the buffer. The first of each draw are compared with
the plain machine.
`
