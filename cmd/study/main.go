// The command study assesses several networks on all configurations and holds the
// claims of "Characterizing Soft-Error Resiliency in Arm's Ethos-U55" (Tyagi et al.,
// ISPASS 2024, arXiv 2404.09317) against what comes out. With -measure it runs the
// assessments and stores docs/study/results.json; without, it writes docs/study.md
// from that file. With -joint only the protections for all networks at once are measured
// anew. With -records the records of its campaigns become one archive for a release. With -keep it stores figures of that file as those of before.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"upset/faults/provenance"
	"upset/stats/result"
)

// Files of the study.
const (
	resultsFile = "docs/study/results.json"
	pageFile    = "docs/study.md"
)

// injections for each campaign (our choice).
const injections = "10000"

// networks of the study: the shipped ones, and others from the data folder.
var networks = []struct{ name, model, inputs string }{
	{"fashion-tiny", "testdata/models/fashion-tiny.tflite", "testdata/models/fashion-tiny.inputs"},
	{"fashion-dscnn", "testdata/models/fashion-dscnn.tflite", "testdata/models/fashion-dscnn.inputs"},
	{"kws_ref_model", "models/kws_ref_model.tflite", "golden/kws_ref_model"},
	{"micro_speech_quantized", "models/micro_speech_quantized.tflite", "golden/micro_speech_quantized"},
	{"ad01_int8", "models/ad01_int8.tflite", "golden/ad01_int8"},
	{"vww_96_int8", "models/vww_96_int8.tflite", "golden/vww_96_int8"},
}

// configurations in the order of their size.
var configurations = []string{"u55-32", "u55-64", "u55-128", "u55-256"}

// assessment is what the study keeps of one assessment.
type assessment struct {
	Network, NPU string
	Cycles       int64
	Injections   int
	Digest       string
	Flops        int64
	SPFM         result.ViolationLimits
	FIT          result.CampaignFIT
	AVF          result.AVF
	Blocks       []result.BlockAVF
	Verdicts     []result.Verdict
	Checkers     bool // the full options had checkers and lock-step among them
	Full, Paper  protection
	// Ratios are the paper's options with poorer hardened cells.
	Ratios       []ratio
	HardenAll    result.Alternative
	DuplicateAll result.Alternative
	Lockstep     result.Alternative
	// Of the full design: what its verdict hangs on.
	Inventories []result.InventoryReading
	Credits     []result.CreditReading
	Available   *result.Available
	Multiple    *result.Multiple
}

// ratio is the cheapest protection where hardened cells fail at a share of the rate
// of plain ones.
type ratio struct {
	Ratio float64
	protection
}

// ratios beside the default of 2e-4: cells of lower grade (our choice).
var ratios = []float64{0.1, 0.25}

// ratioNPU is the configuration on which they are tried (our choice, the default one:
// with poorer cells more is duplicated, and proofs take minutes).
const ratioNPU = "u55-128"

// protection is the cheapest protection of a set of options.
type protection struct {
	Meets      bool
	Area       float64
	Optimal    bool
	FITUpper   float64
	SPFMLower  float64
	Injections int
	Choice     []result.Choice
	// Coverage is SPFM with hardening as coverage; the metric that decides takes it as a
	// lower rate.
	SPFM, Coverage result.Limits
	DUE            result.Limits
	BreakEven      []result.BreakEven
}

func main() {
	measure := flag.Bool("measure", false, "run the assessments (half an hour)")
	shared := flag.String("shared", "../shared", "folder with models and golden inputs")
	work := flag.String("work", "", "folder that keeps the campaigns, so that an interrupted measurement of the same build goes on (default: one that is thrown away)")
	joint := flag.Bool("joint", false, "measure only the protections of one chip for all networks anew, on the campaigns that -work keeps")
	records := flag.String("records", "", "write the records of the campaigns that -work keeps to this `file`, which upset report and upset compare read")
	older := flag.Bool("keep", false, "write the figures of the stored results to "+beforeFile+", to set beside a later measurement, and end")
	flag.Parse()
	err := error(nil)
	switch {
	case *measure:
		err = run(*shared, *work)
	case *joint:
		err = runJoint(*work)
	case *records != "":
		if err = writeRecords(*records, *work); err == nil {
			return
		}
	}
	switch {
	case err != nil:
	case *older:
		err = keep()
	default:
		err = writePage()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "study:", err)
		os.Exit(1)
	}
}

// run makes all assessments in a folder of its own and stores what the study keeps.
func run(shared, work string) error {
	dir := work
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "study"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tool, err := buildTool(dir)
	if err != nil {
		return err
	}
	var all study
	made, err := provenance.Now(context.Background())
	if err != nil {
		return err
	}
	all.Made = made
	for _, n := range networks {
		model, inputs := n.model, n.inputs
		if _, err := os.Stat(model); err != nil {
			model, inputs = filepath.Join(shared, model), filepath.Join(shared, inputs)
		}
		for _, c := range configurations {
			kept := filepath.Join(dir, n.name+"-"+c+"-"+made.Revision+".json")
			var a assessment
			if text, err := os.ReadFile(kept); err != nil || json.Unmarshal(text, &a) != nil {
				if err := os.RemoveAll(filepath.Join(dir, n.name+"-"+c)); err != nil {
					return err
				}
				if a, err = assess(tool, filepath.Join(dir, n.name+"-"+c), n.name, c, model, inputs); err != nil {
					return fmt.Errorf("%s on %s: %w", n.name, c, err)
				}
				if text, err = json.Marshal(a); err != nil {
					return err
				}
				if err := os.WriteFile(kept, text, 0o644); err != nil {
					return err
				}
			}
			fmt.Fprintf(os.Stderr, "%s on %s: SPFM %.4f, full %.3f, paper %.3f\n", a.Network, a.NPU, a.SPFM.Any.Estimate, a.Full.Area, a.Paper.Area)
			all.Assessments = append(all.Assessments, a)
			if err := all.store(); err != nil {
				return err
			}
		}
	}
	return all.join(dir, tool)
}

// buildTool builds upset in a folder.
func buildTool(dir string) (string, error) {
	tool := filepath.Join(dir, "upset")
	if out, err := exec.Command("go", "build", "-o", tool, "./cmd/upset").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return tool, nil
}

// runJoint measures one chip for all networks anew and says with which build, as the
// assessments are of an earlier one. It goes on where a run of the same build ended.
func runJoint(dir string) error {
	tool, err := buildTool(dir)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(resultsFile)
	if err != nil {
		return err
	}
	var all study
	if err := json.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("%s: %w", resultsFile, err)
	}
	made, err := provenance.Now(context.Background())
	if err != nil {
		return err
	}
	if all.TogetherMade == nil || *all.TogetherMade != made {
		all.Together, all.TogetherMade = nil, &made
	}
	return all.join(dir, tool)
}

// join finds the cheapest protection of each configuration with which every network
// meets the target, for those that have none yet.
func (s *study) join(dir, tool string) error {
	for _, c := range configurations {
		if slices.ContainsFunc(s.Together, func(t together) bool { return t.NPU == c }) {
			continue
		}
		args := []string{"protect"}
		for _, n := range networks {
			args = append(args, filepath.Join(dir, n.name+"-"+c))
		}
		w := together{NPU: c}
		for set, to := range map[string]*protection{"full": &w.Full, "paper": &w.Paper} {
			var r result.Protect
			if err := call(&r, tool, append(args, "--options", set, "--format", "json")...); err != nil {
				return fmt.Errorf("all networks on %s: %w", c, err)
			}
			*to = kept(&r)
		}
		fmt.Fprintf(os.Stderr, "all networks on %s: full %.3f, paper %.3f\n", c, w.Full.Area, w.Paper.Area)
		s.Together = append(s.Together, w)
		if err := s.store(); err != nil {
			return err
		}
	}
	return nil
}

// study is everything that the page is made of.
type study struct {
	provenance.Made
	Assessments []assessment
	Together    []together
	// TogetherMade is what Together was measured with where that was something else.
	TogetherMade *provenance.Made `json:",omitempty"`
}

// together is the cheapest protection of a configuration with which every network
// meets the target.
type together struct {
	NPU         string
	Full, Paper protection
}

// store writes the results, one line for each, so that a change shows as one.
func (s *study) store() error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n\"revision\": %q,\n\"probe\": %q,\n\"probe_mechanisms\": %q,\n\"Assessments\": ", s.Revision, s.Probe, s.Mechanisms)
	if err := lines(&b, s.Assessments); err != nil {
		return err
	}
	b.WriteString(",\n\"Together\": ")
	if err := lines(&b, s.Together); err != nil {
		return err
	}
	if s.TogetherMade != nil {
		made, err := json.Marshal(s.TogetherMade)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, ",\n\"TogetherMade\": %s\n", made)
	}
	b.WriteString("}\n")
	return os.WriteFile(resultsFile, b.Bytes(), 0o644)
}

// lines writes a list with an element on each line.
func lines[T any](b *bytes.Buffer, list []T) error {
	b.WriteString("[\n")
	for i := range list {
		line, err := json.Marshal(&list[i])
		if err != nil {
			return err
		}
		b.Write(line)
		if i+1 < len(list) {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteByte(']')
	return nil
}

// assess runs upset assess with all options, and upset protect with those of the
// paper on the same campaign.
func assess(tool, dir, network, npu, model, inputs string) (assessment, error) {
	var r result.Assess
	if err := call(&r, tool, "assess", model, "--inputs", inputs, "--npu", npu, "--injections", injections, "--options", "full", "--evidence", "0", "--out", dir, "--format", "json"); err != nil {
		return assessment{}, err
	}
	var paper result.Protect
	if err := call(&paper, tool, "protect", dir, "--options", "paper", "--format", "json"); err != nil {
		return assessment{}, err
	}
	var list []ratio
	for _, s := range ratios {
		if npu != ratioNPU {
			break
		}
		var x result.Protect
		if err := call(&x, tool, "protect", dir, "--options", "paper", "--hardened-ratio", fmt.Sprint(s), "--format", "json"); err != nil {
			return assessment{}, err
		}
		list = append(list, ratio{s, kept(&x)})
	}
	c, p := &r.Campaign, &r.Protect
	return assessment{
		Ratios:  list,
		Network: network, NPU: npu, Cycles: c.Cycles, Injections: c.Injections, Digest: c.ResultDigest, Flops: c.Assumptions.Flops,
		SPFM: c.SPFM, FIT: c.FIT, AVF: c.AVF, Blocks: c.Blocks, Verdicts: c.Verdicts, Checkers: true, Full: kept(p), Paper: kept(&paper),
		HardenAll: p.HardenAll, DuplicateAll: p.DuplicateAll, Lockstep: p.Lockstep,
		Inventories: p.Inventories, Credits: p.Credits, Available: p.Available, Multiple: p.Multiple,
	}, nil
}

func kept(p *result.Protect) protection {
	return protection{Meets: p.Meets, Area: p.AreaOverhead, Optimal: p.Optimal, FITUpper: p.Proof.FITUpper, SPFMLower: p.Proof.SPFMLower, Injections: p.Proof.Injections, Choice: p.Choice,
		SPFM: p.SPFM, Coverage: p.SPFMCoverage, DUE: p.FITDUE, BreakEven: p.BreakEven}
}

// notMet is the exit code of a target that was not shown to be met.
const notMet = 4

// call runs a command and reads its JSON.
func call(into any, tool string, args ...string) error {
	cmd := exec.Command(tool, args...)
	out, err := cmd.Output()
	if x, ok := err.(*exec.ExitError); ok && x.ExitCode() == notMet {
		err = nil
	} else if ok {
		return fmt.Errorf("upset %v: %w: %s", args, err, x.Stderr)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(out, into)
}
