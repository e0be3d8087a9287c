package campaign

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// Names of differences between two campaigns. Weights may differ; the others are
// errors unless they are declared.
const (
	differsWeights   = "weights"
	differsNetwork   = "network"
	differsNPU       = "npu"
	differsInputs    = "inputs"
	differsVersion   = "version"
	differsFault     = "fault"
	differsRates     = "rates"
	differsCriterion = "criterion"
	differsMachine   = "machine"
	differsSites     = "sites"
	differsBlocks    = "blocks"
)

// GateDifferences are the names of the differences that can be declared: another
// network, NPU, set of inputs, version of the records, fault model, set of raw rates,
// criterion or definition of a violation, machine around the network (RAM code,
// watchdog, reload, memories, inventory), selection of sites, or blocks that one of
// the two lacks.
func GateDifferences() []string {
	return []string{differsNetwork, differsNPU, differsInputs, differsVersion, differsFault, differsRates, differsCriterion, differsMachine, differsSites, differsBlocks}
}

// compareQuestions lists in what two campaigns differ, and refuses what is neither
// declared nor allowed by default.
func compareQuestions(now, base *result.Campaign, allow []string) ([]result.GateDifference, error) {
	for _, c := range []*result.Campaign{base, now} {
		if len(c.Strata) == 0 || c.Injections == 0 {
			return nil, fmt.Errorf("a campaign of %s on %s has no injections to judge by", c.Model, c.NPU)
		}
	}
	out := []result.GateDifference{}
	for _, d := range differences(now, base) {
		if d.Name != differsWeights && !slices.Contains(allow, d.Name) {
			return nil, fmt.Errorf("the baseline has another %s (%s, this campaign %s): run both with the same, or declare it with --allow %s", d.What, d.Baseline, d.Now, d.Name)
		}
		out = append(out, d)
	}
	return out, nil
}

// differences lists in what two campaigns differ.
func differences(now, base *result.Campaign) (out []result.GateDifference) {
	add := func(name, what string, a, b any) {
		if a != b {
			out = append(out, result.GateDifference{Name: name, What: what, Now: short(a), Baseline: short(b)})
		}
	}
	a, b := &now.Assumptions, &base.Assumptions
	add(differsNPU, "NPU", now.NPU, base.NPU)
	x, y := now.Identity, base.Identity
	if x == nil || y == nil {
		// An older version wrote one of them, without a word on network and inputs.
		add(differsVersion, "tool version", known(x), known(y))
		add(differsNetwork, "network", layersOf(now), layersOf(base))
		add(differsInputs, "number of inputs", now.Inputs, base.Inputs)
	} else {
		add(differsVersion, "format of records", x.Format, y.Format)
		add(differsNetwork, "network", x.Architecture, y.Architecture)
		if x.Architecture == "" && y.Architecture == "" {
			add(differsNetwork, "network", layersOf(now), layersOf(base))
		}
		add(differsWeights, "weights", x.Program, y.Program)
		add(differsInputs, "set of inputs", fmt.Sprintf("%d: %s", now.Inputs, x.Inputs), fmt.Sprintf("%d: %s", base.Inputs, y.Inputs))
		add(differsMachine, "memories around the NPU", x.System, y.System)
		add(differsSites, "selection of sites", x.Selection, y.Selection)
		if a.ECC == b.ECC && now.NPU == base.NPU && x.Selection == y.Selection {
			add(differsMachine, "storage of the NPU", x.Table, y.Table)
		}
	}
	add(differsFault, "fault model", a.Fault, b.Fault)
	add(differsCriterion, "criterion", a.Criterion, b.Criterion)
	add(differsCriterion, "violation", a.Violation, b.Violation)
	add(differsMachine, "ECC", a.ECC, b.ECC)
	add(differsMachine, "watchdog", a.Watchdog, b.Watchdog)
	add(differsMachine, "assumed reload", a.AssumeReload, b.AssumeReload)
	add(differsMachine, "inventory", a.Inventory, b.Inventory)
	add(differsMachine, "number of flops", a.Flops, b.Flops)
	add(differsMachine, "number of SRAM bits", a.SRAMBits, b.SRAMBits)
	add(differsRates, "FIT per flop", a.LambdaFlop, b.LambdaFlop)
	add(differsRates, "FIT per SRAM bit", a.LambdaSRAM, b.LambdaSRAM)
	add(differsRates, "duty", now.Duty, base.Duty)
	add(differsInputs, "estimand", estimand(a), estimand(b))
	add(differsBlocks, "set of blocks", sortedBlocks(now), sortedBlocks(base))
	return out
}

// short writes a value for a message; digests are cut.
func short(v any) string {
	text := fmt.Sprint(v)
	if text == "" {
		return "none"
	}
	if i := strings.LastIndexByte(text, ' ') + 1; len(text)-i == 64 {
		return text[:i+12]
	}
	return text
}

// known says whether a result tells what it is about.
func known(i *result.Identity) string {
	if i == nil {
		return "an older one, silent on network and inputs"
	}
	return "one that names them"
}

// layersOf are the layers of a campaign by name.
func layersOf(c *result.Campaign) string {
	var names []string
	for _, l := range c.Heat.Layers {
		names = append(names, l.Name)
	}
	return strings.Join(names, " ")
}

// sortedBlocks are the names of a campaign's blocks.
func sortedBlocks(c *result.Campaign) string {
	names := blocksOf(c)
	slices.Sort(names)
	return strings.Join(names, " ")
}

// estimand is what intervals are for; results of older versions are of these inputs.
func estimand(a *result.Assumptions) string {
	if a.InputsAre == "" {
		return stats.InputsFixed
	}
	return a.InputsAre
}

// CheckResult reports a campaign's result, as read from a file, that no campaign
// makes: counts that do not add up, parts that are missing or do not fit together.
func CheckResult(c *result.Campaign) error {
	if c.NPU == "" || c.ResultDigest == "" {
		return errors.New("not the result of a campaign: use what upset campaign run --format json printed")
	}
	if len(c.Strata) == 0 {
		return errors.New("it has no strata: part of the result is missing")
	}
	var weights float64
	var all result.Outcomes
	for i := range c.Strata {
		s := &c.Strata[i]
		if err := checkStratum(s); err != nil {
			return fmt.Errorf("stratum %s/%s: %w", s.Block, s.Class, err)
		}
		weights += s.Weight
		all = all.Add(s.Outcomes)
	}
	switch {
	case math.Abs(weights-1) > 1e-6:
		return fmt.Errorf("the weights of its strata sum to %v, not to 1", weights)
	case all.Total() != c.Injections:
		return fmt.Errorf("its strata have %d injections, it says %d", all.Total(), c.Injections)
	case !(c.Duty > 0 && c.Duty <= 1) || !(c.Assumptions.LambdaFlop >= 0) || !(c.Assumptions.LambdaSRAM >= 0):
		return errors.New("its raw rates or its duty are impossible")
	}
	var named []string
	for _, b := range c.Blocks {
		if slices.Contains(named, b.Block) {
			return fmt.Errorf("block %s stands twice", b.Block)
		}
		named = append(named, b.Block)
	}
	sampled := blocksOf(c)
	for _, b := range sampled {
		if !slices.Contains(named, b) {
			return fmt.Errorf("block %s is missing in its blocks: the result was changed or cut", b)
		}
	}
	for _, b := range named {
		if !slices.Contains(sampled, b) {
			return fmt.Errorf("block %s has no strata: the result was changed or cut", b)
		}
	}
	return nil
}

// checkStratum reports a stratum that no campaign has.
func checkStratum(s *result.Stratum) error {
	if s.Block == "" {
		return errors.New("it has no block")
	}
	if !(s.Weight >= 0 && s.Weight <= 1) || !(s.Bits >= 0 && s.Bits < 1e12) || !(s.RateScale >= 0 && s.RateScale <= 1e6) {
		return errors.New("its weight, bits or scale are impossible")
	}
	var sum result.Outcomes
	shares := 0.0
	for _, p := range partsOf(s) {
		o := p.Outcomes
		for _, n := range []int{o.Masked, o.Latent, o.SDCTolerable, o.SDCCritical, o.StrayWrite, o.DUEDetected, o.DUEHang, o.Detected, o.Corrected} {
			if n < 0 || n > s.N || s.N > maxInjections {
				return errors.New("it has impossible counts")
			}
		}
		if !(p.Share >= 0) {
			return errors.New("a part has an impossible share")
		}
		sum = sum.Add(o)
		shares += p.Share
	}
	if sum.Total() != s.N || sum != s.Outcomes || math.Abs(shares-1) > 1e-6 {
		return errors.New("its counts or shares do not add up")
	}
	if s.Exact && s.Violating(stats.ViolationAny, true, false) > 0 {
		return errors.New("it is proven not to violate and violates")
	}
	return nil
}
