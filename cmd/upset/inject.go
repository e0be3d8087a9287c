package main

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/story"
	"upset/netlist"
	"upset/stats/report"
	"upset/stats/result"
)

const (
	// searchDraws bounds the search for an interesting fault (our choice).
	searchDraws = 3000
	// injectStream keeps these draws apart from all others.
	injectStream = 0x73746f72 // "stor"
)

// injection is the result of upset inject.
type injection struct {
	NPU     string            `json:"npu"`
	Model   string            `json:"model"`
	Site    string            `json:"site"`
	Cycle   uint64            `json:"cycle"`
	Input   uint32            `json:"input"`
	Block   string            `json:"block"`
	Class   string            `json:"class"`
	Before  uint8             `json:"before"`
	After   uint8             `json:"after"`
	Outcome string            `json:"outcome"`
	Cause   string            `json:"cause"`
	Late    bool              `json:"late"`
	Pruned  bool              `json:"pruned"`
	Path    string            `json:"path"`
	End     uint64            `json:"end"`
	Command injectedCommand   `json:"command_word"`
	Op      injectedOperation `json:"operation"`
	// Lands and Shows are left out where the program is one stream.
	Lands   *injectedPlace   `json:"lands,omitempty"`
	Shows   *injectedPlace   `json:"shows,omitempty"`
	Events  []injectionEvent `json:"events"`
	Bytes   int              `json:"memory_bytes"`
	Outputs []int            `json:"output_bytes"`
	// Warnings are about the inputs.
	Warnings []result.Warning `json:"warnings"`
	Repeat   string           `json:"command"`
}

// injectedCommand is the command word that was taken last before the upset.
type injectedCommand struct {
	Word uint32 `json:"word"`
	Name string `json:"name"`
}

// injectedOperation is the operation under way at the upset.
type injectedOperation struct {
	Index int    `json:"index"`
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Layer int    `json:"layer"`
}

// injectedPlace is the part of a program in which something happens.
type injectedPlace struct {
	Frame  int    `json:"frame"`
	Stage  int    `json:"stage"`
	Name   string `json:"name"`
	Run    int    `json:"run"`
	Runs   int    `json:"runs"`
	On     string `json:"on"`
	Output bool   `json:"output,omitempty"`
	Doing  string `json:"doing,omitempty"`
}

// describePlace turns a place into a result, nil where there is none.
func describePlace(w *story.Where) *injectedPlace {
	if w == nil {
		return nil
	}
	p := &injectedPlace{Frame: w.Frame, Stage: w.Stage, Name: w.Name, Run: w.Run, Runs: w.Runs, On: "npu", Output: w.Output, Doing: w.What}
	if w.Host {
		p.On = "host"
	}
	return p
}

// injectionEvent is one line of the story; Cycle counts from the upset.
type injectionEvent struct {
	Cycle uint64 `json:"cycle"`
	What  string `json:"what"`
}

func injectCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "inject",
		Usage:     "one fault, told as a story",
		ArgsUsage: "MODEL",
		Description: `Flips one bit at one cycle and tells what became of it: which blocks differed
when, what reached memory, and how it ended. Without --site it looks for a fault
that changes the decision of the network. With --record it repeats injection i of
a campaign; MODEL may then be left out. With --sites-file it injects your own list of
faults and prints it with the outcome of each.

Examples:
  upset inject testdata/models/fashion-tiny.tflite
  upset inject --site 'mac.acc[3].17@600' testdata/models/fashion-tiny.tflite
  upset inject --measures reset+twice --frames 2 testdata/models/fashion-tiny.tflite
  upset inject testdata/models/fashion-tiny.tflite --sites-file faults.csv > outcomes.csv
  upset inject --record upset-out/fashion-tiny-u55-128-1a2b3c4d:17`,
		Flags: commonFlags(experimentFlags(
			&cli.StringFlag{Name: "site", Usage: "`SITE`: register, bit and cycle, such as mac.acc[3].17@600; see upset sites"},
			&cli.StringFlag{Name: "record", Usage: "`CAMPAIGN:i`: repeat injection i of a stored campaign"},
			&cli.StringFlag{Name: "sites-file", Usage: "`FILE.csv` with columns site (as for --site) and, if wanted, input and others: inject every row and print the file with its outcomes"},
			&cli.IntFlag{Name: "input-index", Usage: "number of the input, from 0"},
			measuresFlag(),
		)...),
		Action: func(c *cli.Context) error {
			name := "MODEL"
			if c.IsSet("record") {
				name = "[MODEL]"
			}
			args, err := arguments(c, name)
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			if c.IsSet("sites-file") {
				if c.IsSet("site") || c.IsSet("record") || c.IsSet("input-index") {
					return usage("--sites-file names sites and inputs: leave out --site, --record and --input-index")
				}
				return p.injectList(c, o, args[0])
			}
			if c.IsSet("record") {
				return p.replay(c, o, args)
			}
			return p.inject(c, o, args[0])
		},
	}
}

// inject performs upset inject.
func (p *program) inject(c *cli.Context, o common, file string) error {
	index := c.Int("input-index")
	x, err := p.openExperiment(c, o, file)
	if err != nil {
		return err
	}
	e := x.engine
	if index < 0 || index >= e.Inputs() {
		return usage("--input-index %d: there are %d inputs", index, e.Inputs())
	}
	w, err := e.Worker()
	if err != nil {
		return err
	}
	var site faults.Site
	if name := c.String("site"); name != "" {
		site, err = parseSite(e, name)
	} else {
		site, err = findSite(c, w, e, o.seed, index)
	}
	if err != nil {
		return err
	}
	story, err := story.Tell(w, index, site)
	if err != nil {
		return err
	}
	repeat := p.command()
	if c.String("site") == "" {
		repeat += " --site " + quote(fmt.Sprintf("%s@%d", story.Name, site.Cycle))
	}
	return p.emitInjection(o, story, x, repeat)
}

// replay repeats an injection of a stored campaign and checks that the same
// comes of it.
func (p *program) replay(c *cli.Context, o common, args []string) error {
	name := c.String("record")
	at := strings.LastIndexByte(name, ':')
	number, err := strconv.Atoi(name[at+1:])
	if at < 1 || err != nil || number < 0 {
		return usage("--record %q: give the folder of a campaign and a number, such as run1:17", name)
	}
	if c.IsSet("site") || c.IsSet("input-index") || c.IsSet("inputs") || c.IsSet("measures") {
		return usage("--record fixes the site, the input and the measures: leave out --site, --inputs, --input-index and --measures")
	}
	s, err := loadRecords(name[:at])
	if err != nil {
		return err
	}
	k := slices.Index(s.Index, number)
	if k < 0 {
		return usage("--record %q: the campaign has no injection %d", name, number)
	}
	if len(args) > 0 {
		s.Note[noteModel] = args[0]
	}
	x, _, err := p.reopen(c.Context, s.Spec, s.Note)
	if err != nil {
		return err
	}
	w, err := x.engine.Worker()
	if err != nil {
		return err
	}
	want := s.Records[k]
	story, err := story.Tell(w, int(want.Input), want.Site)
	if err != nil {
		return err
	}
	if got := story.Record; !got.Same(want) {
		return fmt.Errorf("injection %d gives %s (%s, end at cycle %d), the campaign recorded %s (%s, %d) for the same model, inputs and system: this is build %s, the campaign comes from build %s; please report it",
			number, got.Outcome.Word(), got.Cause, got.End, want.Outcome.Word(), want.Cause, want.End, campaign.ThisBuild(), s.Builds[len(s.Builds)-1])
	}
	return p.emitInjection(o, story, x, p.command())
}

// parseSite reads a site such as mac.acc[3].17@600.
func parseSite(e *engine.Engine, name string) (faults.Site, error) {
	bit, at, ok := strings.Cut(name, "@")
	if !ok {
		return faults.Site{}, usage("site %q lacks its cycle: write for example %s@100", name, name)
	}
	cycle, err := strconv.ParseUint(at, 10, 64)
	if err != nil || cycle >= e.Cycles() {
		return faults.Site{}, usage("site %q: the cycle must be a number below %d", name, e.Cycles())
	}
	id, err := e.Table().Parse(bit)
	if err != nil {
		return faults.Site{}, bad(err)
	}
	return faults.Site{ID: id, Cycle: cycle}, nil
}

// interest ranks outcomes for the search, the most telling first.
var interest = []faults.Outcome{
	faults.SDCCritical, faults.StrayWrite, faults.SDCTolerable, faults.DUEHang, faults.DUEDetected, faults.Latent, faults.Masked,
}

// findSite draws sites until one changes the decision, else the most telling of
// those drawn.
func findSite(c *cli.Context, w *engine.Worker, e *engine.Engine, seed uint64, input int) (faults.Site, error) {
	rng := rand.New(rand.NewPCG(seed, injectStream))
	var flops []*netlist.Register
	total := 0
	for _, r := range e.Table().Select(netlist.Filter{NoSRAM: true}) {
		flops, total = append(flops, r), total+r.Bits()
	}
	best, rank := faults.Site{}, len(interest)
	for range searchDraws {
		if err := c.Context.Err(); err != nil {
			return best, fmt.Errorf("interrupted: %w", err)
		}
		k := rng.IntN(total)
		i := 0
		for k >= flops[i].Bits() {
			k -= flops[i].Bits()
			i++
		}
		site := faults.Site{ID: flops[i].First + netlist.SiteID(k), Cycle: rng.Uint64N(e.Cycles())}
		r, err := w.Inject(input, site, nil)
		if err != nil {
			return best, err
		}
		for n, o := range interest[:rank] {
			if r.Outcome == o {
				best, rank = site, n
			}
		}
		if rank == 0 {
			break
		}
	}
	return best, nil
}

// describeInjection turns a story into a result.
func describeInjection(s *story.Story) injection {
	r := &s.Record
	out := injection{
		Site: s.Name, Cycle: r.Site.Cycle, Input: r.Input, Block: s.Block, Class: s.Class, Before: r.Before, After: r.After,
		Outcome: r.Outcome.String(), Cause: r.Cause.String(), Late: r.Late, Pruned: r.Path.Pruned(), Path: r.Path.String(), End: r.End,
		Command: injectedCommand{s.Word, s.Command}, Op: injectedOperation{s.Op.Index, s.Op.Name, s.Op.Kind, s.Op.Layer},
		Lands: describePlace(s.Lands), Shows: describePlace(s.Shows), Bytes: s.Bytes, Outputs: append([]int{}, s.Outputs...), Events: []injectionEvent{},
	}
	for _, ev := range s.Events {
		out.Events = append(out.Events, injectionEvent{ev.Cycle, ev.What})
	}
	return out
}

// emitInjection prints a story in the chosen form.
func (p *program) emitInjection(o common, s *story.Story, x *experiment, repeat string) error {
	r := describeInjection(s)
	r.NPU, r.Model, r.Repeat = x.engine.Table().Config.String(), x.model, repeat
	r.Warnings = append([]result.Warning{}, x.warnings()...)
	switch o.format {
	case report.FormatJSON:
		return report.EncodeJSON(p.stdout, r)
	case report.FormatCSV:
		w := csv.NewWriter(p.stdout)
		rows := [][]string{{"cycle", "event"}}
		for _, ev := range r.Events {
			rows = append(rows, []string{strconv.FormatUint(ev.Cycle, 10), report.Cell(ev.What)})
		}
		rows = append(rows, []string{strconv.FormatUint(r.End-min(r.End, r.Cycle), 10), "outcome: " + r.Outcome + " (" + r.Cause + ")"})
		return w.WriteAll(rows)
	}
	told := *s
	told.Op.Name = report.Plain(s.Op.Name)
	for _, w := range []**story.Where{&told.Lands, &told.Shows} {
		if *w != nil {
			plain := **w
			plain.Name, *w = report.Plain(plain.Name), &plain
		}
	}
	fmt.Fprintf(p.stdout, "One fault in %s on %s, input %d\n\n%s", report.Plain(r.Model), r.NPU, r.Input, &told)
	fmt.Fprintf(p.stdout, "repeat    %s\n", report.Plain(r.Repeat))
	return nil
}
