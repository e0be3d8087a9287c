package protect

import (
	"upset/faults/campaign"
	"upset/faults/disk"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/stats"
)

const (
	// defaultMargin is the share of a limit that the estimate of a design may take
	// at first (our choice). It shrinks by narrow until a proof of affordable size
	// has the wanted power, limit by limit and at most maxNarrow times, and by retreat
	// after a proof that failed.
	defaultMargin = 0.7
	narrow        = 1.2
	maxNarrow     = 14
	retreat       = 1.5
	// leastProof is the number of injections that a proof may always take; it may
	// also take proofShare times as many as the campaign did (our choice).
	leastProof = 4000
	proofShare = 2
)

// Options say what is searched and how it is proven.
type Options struct {
	// Question and BudgetDUE are the target; zero fields take their defaults.
	Question  stats.Question
	BudgetDUE float64
	// Several is the share of events that hit more than one bit, see [Target].
	Several float64
	// PulseFITPerKGE is the declared rate of pulses in FIT for 1,000 gate equivalents of logic;
	// 0 leaves pulses as not assessed.
	PulseFITPerKGE float64
	// Deadline is what detection is held against; its reaction is the number of cycles
	// for which the protected machine goes on after an alarm.
	Deadline campaign.Deadline
	// Permanent are the declared permanent rates.
	Permanent campaign.Permanent
	// Set is the option set: paper or full, the default.
	Set string
	// Unit is what is decided on as a whole: block-class, the default, or register.
	Unit string
	// Searcher is exact, the default, or flow: another one beside it.
	Searcher string
	// Inputs are the declared cells and mechanisms, nil the defaults. Cells are the
	// figures of them that decide; zero takes those of Inputs.
	Inputs mechanism.Inputs
	Cells  mechanism.Cells
	// Areas and Costs are those of the machine; nil takes the built-in ones.
	Areas []netlist.BlockArea
	Costs *netlist.Costs
	// AreasWith gives Areas with other constants, for the ranges that measured libraries
	// span. Without it ranges are those of the built-in areas, and there are none beside
	// Areas that were given.
	AreasWith func(*netlist.Costs) []netlist.BlockArea
	// Margin is the share of a limit that the estimate may take at first; 0 takes
	// 0.7.
	Margin float64
	// MaxProof is the most injections of one proof; 0 takes 4,000 or twice as many
	// as the campaign has, whichever is more.
	MaxProof int
	// Dir is where the logs of the proofs go. NoProof ends after the search.
	Dir     string
	NoProof bool
	// Ledger is the folder of the campaign, where every proof is entered; empty keeps
	// the ledger in memory.
	Ledger string
	// Disk is what logs and the ledger are written to; nil is the system's.
	Disk disk.Disk
	// NoFront leaves out the fronts and what the verdict hangs on.
	NoFront bool
	Workers int
	// Progress, which may be nil, follows the proof campaigns.
	Progress func(campaign.Progress)
	// Trying, which may be nil, follows the records that are injected again beside
	// one mechanism after the other, before the search.
	Trying func(done, total int)
	// Sticking, which may be nil, follows the injection of permanent faults.
	Sticking func(done, total int)
	// Pulsing, which may be nil, follows the injection of pulses in logic.
	Pulsing func(done, total int)
	// Population is that of the plain machine, if it is not the built-in one.
	Population campaign.Population
	// Fresh makes an engine for the same program on inputs that the search never saw, for
	// the proof; nil proves on the inputs of the campaign.
	Fresh func(npu.ECC) (*engine.Engine, error)
	// Rebuild makes an engine for the same program and inputs with another code on
	// the RAM. Without it a code is no option.
	Rebuild func(npu.ECC) (*engine.Engine, error)

	given bool // the design is given: all records judge it
	quick bool // without checkers, and near the cheapest is near enough
}

// normal fills in the defaults.
func (o Options) normal(s campaign.Spec, t *netlist.Table, injections int) Options {
	o.Question = o.Question.Normal(s.Confidence)
	if o.Set == "" {
		o.Set = OptionsFull
	}
	if o.Unit == "" {
		o.Unit = UnitBlockClass
	}
	if o.Inputs == nil {
		o.Inputs = mechanism.DefaultInputs()
	}
	if o.Cells == (mechanism.Cells{}) {
		o.Cells, _ = o.Inputs.Cells() // mechanism.New reports what cannot be
	}
	if o.Areas == nil {
		o.Areas = t.Areas(o.Costs)
		if o.AreasWith == nil {
			o.AreasWith = t.Areas
		}
	}
	if o.Margin == 0 {
		o.Margin = defaultMargin
	}
	if o.MaxProof == 0 {
		o.MaxProof = max(leastProof, proofShare*injections)
	}
	return o
}

// campaignQuestion is the question as a campaign puts it.
func campaignQuestion(o Options) campaign.Question {
	return campaign.Question{Question: o.Question, BudgetDUE: o.BudgetDUE, Deadline: o.Deadline, Permanent: o.Permanent, PulseFITPerKGE: o.PulseFITPerKGE}
}

// repeats are the settings of injections again.
func (o Options) repeats() repeats { return repeats{o.Deadline, o.Disk, o.Workers, o.Trying} }
