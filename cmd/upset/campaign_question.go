package main

import (
	"math"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/stats"
	"upset/stats/report"
)

// questionFlags are those of a verdict.
func questionFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "target", Value: "asil-d", Usage: "safety target: asil-b, asil-c or asil-d"},
		&cli.StringFlag{Name: "violation", Value: stats.ViolationAny, Usage: "what violates: any wrong output, or only a critical one"},
		&cli.StringFlag{Name: "scenario", Value: stats.Scenarios()[0].Name, Usage: "named raw rates: fidelity, li, finfet, planar90 or conservative"},
		&cli.Float64Flag{Name: "flop-fit", Usage: "raw rate of one flop in `FIT`, with --sram-fit instead of --scenario"},
		&cli.Float64Flag{Name: "sram-fit", Usage: "raw rate of one SRAM bit in `FIT`"},
		&cli.Float64Flag{Name: "budget", Value: stats.Budgets()[0], Usage: "budget of violating outcomes in `FIT`"},
		&cli.StringFlag{Name: "credit", Value: "all", Usage: "detectors of the NPU that count: all, none or some of bus,parser,decoder,ecc,watchdog; what only others report violates"},
		&cli.Float64Flag{Name: "budget-due", Usage: "budget of detected stops in `FIT`; 0 means none"},
		&cli.Float64Flag{Name: "duty", Value: 1, Usage: "share of time in which the NPU computes, above 0 to 1"},
		&cli.StringFlag{Name: "inputs-are", Value: stats.InputsFixed, Usage: "what intervals are for: these inputs (fixed), or the population they were drawn from at random (sample)"},
		&cli.Float64Flag{Name: "permanent-fit", Usage: "declared permanent rate in `FIT` for 100,000 gate equivalents of logic; LFM and PMHF need it with --lifetime and --test-interval"},
		&cli.Float64Flag{Name: "lifetime", Usage: "operating life in `HOURS`"},
		&cli.Float64Flag{Name: "test-interval", Usage: "time between tests of the mechanisms in `HOURS`"},
		&cli.Float64Flag{Name: "clock", Usage: "declared clock of the NPU in `HZ`, for example 500e6; without it that of --system"},
		&cli.Float64Flag{Name: "ftti", Usage: "declared fault-tolerant time interval in `SECONDS`, with --clock: an alarm, a stop or the watchdog later than that after the upset violates"},
		&cli.StringFlag{Name: "permanent-coverage", Value: campaign.CoverageMeasured, Usage: "where safe shares and coverage of permanent faults come from: stuck-at faults injected into flops (measured), or the values of ISO 26262-5, annex D (annex-d)"},
		&cli.Float64Flag{Name: "permanent-flop-share", Usage: "share of the permanent rate that flops have, above 0 to 1, the rest being that of the gates between them, which are not measured; by area without it"},
		&cli.IntFlag{Name: "stuck-at", Usage: "stuck-at `FAULTS` of a sample, of which there is one for the search and one for the verdict (default: 1200)"},
		&cli.Uint64Flag{Name: "stuck-at-cycles", Usage: "`CYCLES` of fault-free runs that bound the samples (default: 1000000000)"},
		&cli.IntFlag{Name: "stuck-gates", Usage: "stuck-at `FAULTS` of the gates of each block that has gates, for the verdict; 0 leaves gates as not assessed"},
		&cli.Float64Flag{Name: "pmhf-budget", Usage: "the NPU's share of PMHF in `FIT`, with --permanent-fit; without it the budget of violating outcomes"},
		&cli.Float64Flag{Name: "test-coverage", Usage: "share of the mechanisms' permanent faults that their tests find, 0 to 1"},
	}
}

// pulseFlag is that of a campaign of pulses.
func pulseFlag() cli.Flag { return pulseRateFlag(", with --fault set; without it") }

// pulseRateFlag is the same where what pulses do is injected beside upsets.
func pulseRateFlag(words string) cli.Flag {
	return &cli.Float64Flag{Name: "set-fit-per-kge", Usage: "declared rate of pulses in `FIT` for 1,000 gate equivalents of logic" + words + " pulses are not assessed"}
}

// readAsked reads what the commands about a campaign and its verdict have in common: the
// named arguments, the common flags of a command that can write a page, and the question.
func readAsked(c *cli.Context, names ...string) (args []string, o common, q campaign.Question, err error) {
	if args, err = arguments(c, names...); err != nil {
		return nil, o, q, err
	}
	if o, err = readCommon(c, report.FormatHTML); err != nil {
		return nil, o, q, err
	}
	q, err = readQuestion(c)
	return args, o, q, err
}

// readQuestion reads the flags of questionFlags and pulseFlag.
func readQuestion(c *cli.Context) (campaign.Question, error) {
	var q campaign.Question
	var err error
	if q.Target, err = stats.ASILByName(c.String("target")); err != nil {
		return q, bad(err)
	}
	q.Violation = c.String("violation")
	if q.Violation != stats.ViolationAny && q.Violation != stats.ViolationCritical {
		return q, usage("unknown violation %q: use any or critical", q.Violation)
	}
	if c.IsSet("flop-fit") || c.IsSet("sram-fit") {
		if !c.IsSet("flop-fit") || !c.IsSet("sram-fit") || c.IsSet("scenario") {
			return q, usage("give both --flop-fit and --sram-fit, and no --scenario with them")
		}
		q.Scenario = stats.Scenario{Name: stats.ScenarioCustom, Flop: c.Float64("flop-fit"), SRAM: c.Float64("sram-fit"), Source: "given by hand"}
		if !positive(q.Scenario.Flop) || !positive(q.Scenario.SRAM) {
			return q, usage("--flop-fit and --sram-fit must be positive numbers")
		}
	} else if q.Scenario, err = stats.ScenarioByName(c.String("scenario")); err != nil {
		return q, bad(err)
	}
	q.InputsAre = c.String("inputs-are")
	if q.InputsAre != stats.InputsFixed && q.InputsAre != stats.InputsSample {
		return q, usage("unknown estimand %q: use --inputs-are fixed or sample", q.InputsAre)
	}
	q.Permanent = campaign.Permanent{
		FITPer100kGE: c.Float64("permanent-fit"), LifetimeHours: c.Float64("lifetime"),
		TestIntervalHours: c.Float64("test-interval"), TestCoverage: c.Float64("test-coverage"),
		PMHFBudget: c.Float64("pmhf-budget"), Coverage: c.String("permanent-coverage"), FlopShare: c.Float64("permanent-flop-share"),
		Faults: c.Int("stuck-at"), Cycles: c.Uint64("stuck-at-cycles"), Gates: c.Int("stuck-gates"),
	}
	if err := checkPermanent(c, q.Permanent); err != nil {
		return q, err
	}
	if err := checkDeadline(c, &q.Deadline); err != nil {
		return q, err
	}
	if q.PulseFITPerKGE = c.Float64("set-fit-per-kge"); c.IsSet("set-fit-per-kge") && !positive(q.PulseFITPerKGE) {
		return q, usage("--set-fit-per-kge %v must be a positive number", q.PulseFITPerKGE)
	}
	if f := c.String("fault"); q.PulseFITPerKGE > 0 && f != "" && f != faults.SET.String() && c.Command.Name != "assess" {
		return q, usage("--set-fit-per-kge is the rate of pulses: give --fault set with it")
	}
	q.BudgetFIT, q.BudgetDUE, q.Duty = c.Float64("budget"), c.Float64("budget-due"), c.Float64("duty")
	switch {
	case !positive(q.BudgetFIT):
		return q, usage("--budget %v must be a positive number", q.BudgetFIT)
	case q.BudgetDUE != 0 && !positive(q.BudgetDUE):
		return q, usage("--budget-due %v must not be negative", q.BudgetDUE)
	case !positive(q.Duty) || q.Duty > 1:
		return q, usage("--duty %v must lie above 0 and not above 1", q.Duty)
	}
	return q, nil
}

// checkPermanent reports declarations that cannot be.
func checkPermanent(c *cli.Context, p campaign.Permanent) error {
	for _, name := range []string{"permanent-fit", "lifetime", "test-interval", "pmhf-budget"} {
		if c.IsSet(name) && !positive(c.Float64(name)) {
			return usage("--%s %v must be a positive number", name, c.Float64(name))
		}
		if x := c.Float64(name); c.IsSet(name) && (x < leastDeclared || x > mostDeclared) {
			return usage("--%s %v must lie between %v and %v", name, x, leastDeclared, mostDeclared)
		}
	}
	switch {
	case p.LifetimeHours > 0 && p.TestIntervalHours > p.LifetimeHours:
		return usage("--test-interval %v is longer than --lifetime %v: both are in hours", p.TestIntervalHours, p.LifetimeHours)
	case !(p.TestCoverage >= 0 && p.TestCoverage <= 1):
		return usage("--test-coverage %v must lie between 0 and 1", p.TestCoverage)
	case p.Coverage != campaign.CoverageMeasured && p.Coverage != campaign.CoverageAnnexD:
		return usage("unknown --permanent-coverage %q: use %s or %s", p.Coverage, campaign.CoverageMeasured, campaign.CoverageAnnexD)
	case c.IsSet("permanent-flop-share") && !(p.FlopShare > 0 && p.FlopShare <= 1):
		return usage("--permanent-flop-share %v must lie above 0 and not above 1", p.FlopShare)
	case c.IsSet("stuck-at") && (p.Faults < 1 || p.Faults > maxStuckAts):
		return usage("--stuck-at %d must lie between 1 and %d", p.Faults, maxStuckAts)
	case p.Gates < 0 || p.Gates > maxStuckAts:
		return usage("--stuck-gates %d must lie between 0 and %d", p.Gates, maxStuckAts)
	case c.IsSet("stuck-at-cycles") && p.Cycles == 0:
		return usage("--stuck-at-cycles 0 allows no injection")
	case p.PMHFBudget > 0 && p.FITPer100kGE == 0:
		return usage("--pmhf-budget needs --permanent-fit: PMHF joins transient and permanent faults")
	case p.TestCoverage > 0 && p.TestIntervalHours == 0:
		return usage("--test-coverage needs --test-interval: tests that are never run find nothing")
	}
	return nil
}

// checkDeadline reads what detection is held against.
func checkDeadline(c *cli.Context, d *campaign.Deadline) error {
	for _, name := range []string{"clock", "ftti"} {
		if c.IsSet(name) && !positive(c.Float64(name)) {
			return usage("--%s %v must be a positive number, for example --clock 500e6 --ftti 0.01", name, c.Float64(name))
		}
	}
	clock := clockOf(c)
	if c.IsSet("ftti") && clock == 0 {
		return usage("--ftti needs --clock, or a --system with a clock: cycles are known, not times; for example --clock 500e6 --ftti 0.01")
	}
	credit, err := campaign.ParseDetectors(c.String("credit"))
	if err != nil {
		return bad(err)
	}
	d.Ignored = campaign.AllDetectors &^ credit
	d.ClockHz, d.FTTI = clock, c.Float64("ftti")
	if d.Reaction = c.Uint64("alarm-latency"); d.Reaction > mechanism.MaxAlarmLatency {
		return usage("--alarm-latency %d: give at most %d cycles", d.Reaction, mechanism.MaxAlarmLatency)
	}
	return nil
}

// Bounds of declared rates and times (our choice): from none in any lifetime to one
// failure an hour. Squares of what lies far beyond are no numbers.
const (
	leastDeclared = 1e-9
	mostDeclared  = 1e9
)

// maxStuckAts bounds a sample of stuck-at faults: more than there are flops, twice.
const maxStuckAts = 100_000

// positive tells positive, finite numbers.
func positive(x float64) bool { return x > 0 && !math.IsInf(x, 0) }
