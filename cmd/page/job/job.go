// Package job does what the page asks for, one request after the other in one process: it
// looks at a network, runs a campaign and a search for protection, and tells what a single
// flip did. Results and digests are those of upset campaign run, assess and inject.
package job

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/protect"
	"upset/models/check"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
)

// Bounds of what a page may be asked for (our choice): a campaign longer than that is for
// the command line, and so is a file that fills the memory of a tab.
const (
	MaxInjections = 200_000
	MaxFile       = 64 << 20
	// Memory is what the fault-free runs may take, so that a tab's 4 GB are enough.
	Memory = faults.MinMemory
)

// Folder is where a page puts the files of a request, as paths begin.
const Folder = "/in/"

// Request is what the page asks for. Zero values stand for the defaults of upset.
type Request struct {
	Model  string `json:"model"`  // path of the network's file
	Inputs string `json:"inputs"` // folder with its inputs; empty for random ones
	NPU    string `json:"npu"`    // configuration; empty for that of a compiled file, else u55-128

	ECC string `json:"ecc"` // code of the shared buffer: none, parity or secded

	Injections int    `json:"injections"`
	Seed       uint64 `json:"seed"`
	// Protect also searches for protection and proves it, as upset assess does.
	Protect bool   `json:"protect"`
	Options string `json:"options"` // paper or full

	Target    string  `json:"target"`
	Violation string  `json:"violation"`
	Scenario  string  `json:"scenario"` // "custom" for the two rates below
	FlopFIT   float64 `json:"flop_fit"`
	SRAMFIT   float64 `json:"sram_fit"`
	Budget    float64 `json:"budget"`
}

// Event says how far a request is. Total is 0 where it is not known.
type Event struct {
	Kind  string `json:"kind"` // "progress" or "note"
	What  string `json:"what"`
	Done  int    `json:"done"`
	Total int    `json:"total,omitempty"`
}

// Session serves requests. Its folder holds the logs of campaigns.
type Session struct {
	dir  string
	emit func(Event)
	runs int
	last *ran
}

// ran is the campaign that stories are told of.
type ran struct {
	network string
	engine  *engine.Engine
	stored  *campaign.Stored
	random  bool
}

// New is a session in an empty folder. Emit is called from one goroutine at a time.
func New(dir string, emit func(Event)) *Session { return &Session{dir: dir, emit: emit} }

func (s *Session) progress(what string) func(done, total int) {
	return func(done, total int) { s.emit(Event{Kind: "progress", What: what, Done: done, Total: total}) }
}

// refused is an error with what a page shows of it: one line.
func refused(format string, args ...any) error { return fmt.Errorf(format, args...) }

// Line is an error as one line.
func Line(err error) string {
	if errors.Is(err, context.Canceled) || errors.Is(err, campaign.ErrInterrupted) {
		return "interrupted"
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// read reads a network's file.
func read(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, refused("the file of the network is not there")
	}
	if info.Size() > MaxFile {
		return nil, refused("%s has %d bytes, the page takes %d: use the command line", filepath.Base(file), info.Size(), MaxFile)
	}
	return os.ReadFile(file)
}

// choice is what was asked for of a network.
func (q *Request) choice() (check.Choice, error) {
	c := check.Choice{Config: isa.U55x128, Given: q.NPU != "", Options: network.Options{System: npu.DefaultSystem()}}
	if q.NPU == "" {
		return c, nil
	}
	var err error
	c.Config, err = isa.ParseConfig(q.NPU)
	return c, err
}

// options are those of the experiment.
func (q *Request) options() (faults.Options, error) {
	o := faults.Options{System: npu.DefaultSystem(), Memory: Memory}
	switch orElse(q.ECC, standardECC) {
	case "none":
		o.ECC = npu.ECCNone
	case "parity":
		o.ECC = npu.ECCParity
	case standardECC:
		o.ECC = npu.ECCSECDED
	default:
		return o, refused("unknown code %q of the shared buffer: none, parity or secded", q.ECC)
	}
	return o, nil
}

// standardECC is the code of the shared buffer that upset takes where none is named.
const standardECC = "secded"

// question is what the verdict answers.
func (q *Request) question() (campaign.Question, error) {
	var out campaign.Question
	var err error
	if out.Target, err = stats.ASILByName(orElse(q.Target, "asil-d")); err != nil {
		return out, err
	}
	out.Violation = orElse(q.Violation, stats.ViolationAny)
	if out.Violation != stats.ViolationAny && out.Violation != stats.ViolationCritical {
		return out, refused("unknown violation %q: any or critical", out.Violation)
	}
	if q.Scenario == stats.ScenarioCustom {
		if !positive(q.FlopFIT) || !positive(q.SRAMFIT) {
			return out, refused("rates by hand: both must be positive numbers of FIT")
		}
		out.Scenario = stats.Scenario{Name: stats.ScenarioCustom, Flop: q.FlopFIT, SRAM: q.SRAMFIT, Source: "given by hand"}
	} else if out.Scenario, err = stats.ScenarioByName(orElse(q.Scenario, stats.Scenarios()[0].Name)); err != nil {
		return out, err
	}
	out.InputsAre = stats.InputsFixed
	out.Permanent.Coverage = campaign.CoverageMeasured
	out.BudgetFIT, out.Duty = q.Budget, 1
	if q.Budget == 0 {
		out.BudgetFIT = stats.Budgets()[0]
	}
	if !positive(out.BudgetFIT) {
		return out, refused("a budget of %v FIT: it must be a positive number", q.Budget)
	}
	return out, nil
}

// spec is the campaign's, before the machine completes it.
func (q *Request) spec() (campaign.Spec, error) {
	s := campaign.Spec{
		Model: q.title(),
		Seed:  q.Seed, Injections: q.Injections, Sites: campaign.SitesAll, Sampling: campaign.SamplingStratified,
	}
	if s.Injections == 0 {
		s.Injections = campaign.DefaultInjections
	}
	if s.Injections < 1 || s.Injections > MaxInjections {
		return s, refused("%d injections: the page makes 1 to %d, the command line more", q.Injections, MaxInjections)
	}
	if o := orElse(q.Options, protect.OptionsFull); o != protect.OptionsFull && o != protect.OptionsPaper {
		return s, refused("unknown mechanisms %q: full or paper", q.Options)
	}
	return s, s.Check()
}

// name is the network's file without its folder.
func (q *Request) name() string { return filepath.Base(q.Model) }

// title is the name of the network in results: the file's without its ending.
func (q *Request) title() string {
	name := q.name()
	for _, end := range []string{".tflite", ".pte", ".npz"} {
		name = strings.TrimSuffix(name, end)
	}
	return campaign.PlainText(name)
}

// Command is what makes the same result on a command line, in the folder of the files; for
// a network that comes with the page that is the project's.
func (q *Request) Command() string {
	words := []string{"upset", "campaign", "run"}
	if q.Protect {
		words = []string{"upset", "assess"}
	}
	flag := func(name, value, standard string) {
		if value != "" && value != standard {
			words = append(words, "--"+name, value)
		}
	}
	words = append(words, word(strings.TrimPrefix(q.Model, Folder)))
	flag("npu", q.NPU, "")
	flag("ecc", q.ECC, standardECC)
	flag("injections", strconv.Itoa(q.Injections), strconv.Itoa(0))
	flag("seed", strconv.FormatUint(q.Seed, 10), "1")
	flag("target", q.Target, "asil-d")
	flag("violation", q.Violation, stats.ViolationAny)
	if q.Scenario == stats.ScenarioCustom {
		flag("flop-fit", number(q.FlopFIT), "")
		flag("sram-fit", number(q.SRAMFIT), "")
	} else {
		flag("scenario", q.Scenario, stats.Scenarios()[0].Name)
	}
	if q.Budget != 0 {
		flag("budget", number(q.Budget), number(stats.Budgets()[0]))
	}
	if q.Protect {
		flag("options", q.Options, protect.OptionsFull)
		words = append(words, "--evidence", "0")
	}
	if q.Inputs != "" {
		flag("inputs", q.Inputs, strings.TrimSuffix(q.Model, filepath.Ext(q.Model))+".inputs")
	}
	return strings.Join(words, " ")
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// word quotes what a shell would take apart.
func word(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || slices.Contains([]rune("._-+/"), r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func orElse(s, standard string) string {
	if s == "" {
		return standard
	}
	return s
}

func positive(x float64) bool { return x > 0 && !math.IsInf(x, 0) }
