package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/stats/report"
)

// Engines that run the shards of a campaign.
const (
	engineSlurm = "slurm"
	engineLocal = "local"
)

// mostAttempts is how often the shards of a round are submitted without one more of them
// being done (our choice).
const mostAttempts = 3

// submitFolder holds scripts and output of the jobs, within the folder of a campaign.
const submitFolder = "submit"

// Keys of the note of a planned campaign, from which limits of time follow.
const (
	notePace   = "pace"           // injections per second of a process
	noteGolden = "golden_seconds" // of the fault-free runs
)

// engineFlags are those of the commands that submit.
func engineFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "engine", Usage: "what runs the injections in shards: slurm, or local for processes on this machine"},
		&cli.BoolFlag{Name: "dry-run", Usage: "plan, and print what would be submitted"},
		&cli.IntFlag{Name: "cpus", Value: 1, Usage: "`N` processors for each shard"},
		&cli.IntFlag{Name: "time", Usage: "limit of a shard's time in `MINUTES`; without it ten times what the calibration foretells"},
		&cli.StringFlag{Name: "batch", Usage: "more `OPTIONS` for sbatch, such as '--partition=long --account=npu'"},
	}
}

// submission says how the shards of a campaign are run.
type submission struct {
	engine  string
	dryRun  bool
	cpus    int
	memory  int // MiB
	minutes int // 0: from the calibration
	batch   []string
	workers int
	ask     []string // flags of the question, for the merges

	program, folder string // the command itself, and the folder it was called in
	then            string // script that runs when the campaign is complete, may be empty
	round, attempt  int    // the round that was submitted last, and how often
}

// readSubmission reads engineFlags; it is nil without --engine.
func readSubmission(c *cli.Context, o common) (*submission, error) {
	s := &submission{
		engine: c.String("engine"), dryRun: c.Bool("dry-run"), cpus: c.Int("cpus"), memory: c.Int("memory"), minutes: c.Int("time"),
		batch: strings.Fields(c.String("batch")), workers: o.workers, ask: asked(c),
	}
	switch s.engine {
	case engineSlurm, engineLocal:
	case "":
		for _, name := range []string{"dry-run", "cpus", "time", "batch", "shards"} {
			if c.IsSet(name) {
				return nil, usage("--%s goes with --engine", name)
			}
		}
		return nil, nil
	default:
		return nil, usage("--engine %s: choose slurm or local; other schedulers are in docs/cluster.md", s.engine)
	}
	if s.cpus < 1 || s.cpus > maxWorkers {
		return nil, usage("--cpus %d is not between 1 and %d", s.cpus, maxWorkers)
	}
	if c.IsSet("time") && s.minutes < 1 {
		return nil, usage("--time %d: give a minute or more", s.minutes)
	}
	for _, x := range s.batch {
		if !strings.HasPrefix(x, "-") {
			return nil, usage("--batch %q: give options of sbatch as --name=value", x)
		}
	}
	var err error
	if s.program, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("submit: %w", err)
	}
	s.folder, err = os.Getwd()
	return s, err
}

// asked are the flags of a question that are set, as they can be given again.
func asked(c *cli.Context) (list []string) {
	for _, f := range append(questionFlags(), pulseFlag()) {
		name := f.Names()[0]
		switch {
		case !c.IsSet(name):
		case c.Value(name) == true:
			list = append(list, "--"+name)
		default:
			list = append(list, fmt.Sprintf("--%s=%v", name, c.Value(name)))
		}
	}
	return list
}

func campaignSubmitCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "submit",
		Usage:     "plan a campaign and have a scheduler run it, round by round",
		ArgsUsage: "MODEL|CAMPAIGN",
		Description: `Plans a campaign, or takes one that is planned, and submits an array of its shards and
behind it a job that merges them, submits what is missing again, and goes on with the next
round. Shards take a minute or more by a calibration of two seconds; there are 1,000 at
most. Called again for a campaign, it merges what is there and submits what is missing.

Examples:
  upset campaign submit net.tflite --injections 1000000 --engine slurm --out /shared/net-run
  upset campaign submit net.tflite --injections 1000000 --engine slurm --dry-run
  upset campaign submit /shared/net-run --engine slurm`,
		Flags: commonFlags(append(append(append(experimentFlags(specFlags()...), questionFlags()...), append(shardFlags(), inventoryFlag(), pulseFlag())...), append(engineFlags(),
			leaseFlag(),
			&cli.StringFlag{Name: "then", Usage: "`SCRIPT` to run when the campaign is complete"},
			&cli.StringFlag{Name: "tried", Usage: "`ROUND:TIMES` that it was submitted; the jobs give it themselves"})...)...),
		Action: func(c *cli.Context) error {
			args, o, q, err := readAsked(c, "MODEL|CAMPAIGN")
			if err != nil {
				return err
			}
			s, err := readSubmission(c, o)
			if err != nil {
				return err
			}
			if s == nil {
				return usage("--engine is missing: slurm or local")
			}
			if err := s.chained(c); err != nil {
				return err
			}
			dir := args[0]
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				if dir, err = p.planned(c, o, args[0], s); err != nil {
					return err
				}
			} else if err := onlyChained(c); err != nil {
				return err
			}
			return p.submit(c, o, q, absolute(dir), s)
		},
	}
}

// chained reads the flags that jobs give.
func (s *submission) chained(c *cli.Context) error {
	if s.then = c.String("then"); s.then != "" {
		s.then = absolute(s.then)
	}
	text := c.String("tried")
	if text == "" {
		return nil
	}
	round, times, _ := strings.Cut(text, ":")
	var err1, err2 error
	s.round, err1 = strconv.Atoi(round)
	s.attempt, err2 = strconv.Atoi(times)
	if err1 != nil || err2 != nil || s.round < 1 || s.attempt < 1 {
		return usage("--tried %q: write ROUND:TIMES", text)
	}
	return nil
}

// onlyChained refuses flags that define a campaign where there is one.
func onlyChained(c *cli.Context) error {
	for _, f := range append(experimentFlags(specFlags()...), append(shardFlags(), inventoryFlag())...) {
		if name := f.Names()[0]; c.IsSet(name) && name != "confidence" {
			return usage("--%s: the campaign is planned, give its folder and no flag that defines it", name)
		}
	}
	return nil
}

// planned plans a campaign that is to be submitted.
func (p *program) planned(c *cli.Context, o common, file string, s *submission) (string, error) {
	o.workers = s.cpus
	j, _, err := p.planCampaign(c, o, file)
	if err != nil {
		return "", err
	}
	return j.Dir, nil
}

// submit folds what is done of a campaign and has the rest run.
func (p *program) submit(c *cli.Context, o common, q campaign.Question, dir string, s *submission) error {
	if s.engine == engineLocal {
		return p.submitLocal(c, o, dir, s, p.stdout)
	}
	m, err := p.merge(c, dir, q)
	if err != nil {
		return err
	}
	if m.Result != nil {
		if err := p.submitThen(c.Context, dir, s); err != nil {
			return err
		}
		return report.Write(p.stdout, o.format, m.Result)
	}
	switch {
	case m.Job.Round != s.round || m.Folded > 0:
		s.round, s.attempt = m.Job.Round, 1
	default:
		s.attempt++
	}
	if s.attempt > mostAttempts {
		return &coded{codeIncomplete, fmt.Errorf("round %d: %d of %d shards are missing, and %d attempts brought no more: see the output in %s, then submit again",
			s.round, len(m.Missing), m.Job.Shards, mostAttempts, filepath.Join(dir, submitFolder))}
	}
	return p.submitRound(c.Context, m, dir, s)
}

// limit is the time in minutes that a shard may take, 0 where nobody measured its pace:
// ten times what is foretold, since the machines of a cluster differ, and ten minutes at
// least (our choice).
func (s *submission) limit(j *campaign.Job, note map[string]string) int {
	if s.minutes > 0 {
		return s.minutes
	}
	pace, err1 := strconv.ParseFloat(note[notePace], 64)
	golden, err2 := strconv.ParseFloat(note[noteGolden], 64)
	if err1 != nil || err2 != nil || pace <= 0 {
		return 0
	}
	const least, factor = 10, 10
	seconds := golden + float64((j.Size+j.Shards-1)/j.Shards)/pace
	return max(least, int(math.Ceil(factor*seconds/60)))
}
