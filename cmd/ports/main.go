// The command ports compares the shared buffer's banks with any number of accesses in a
// clock and with one, under each placement of the bytes: cycles against readings of
// counters and against Vela's estimates, AVF and verdict. It writes docs/ports.md. Run it in
// the project's folder:
//
//	go run ./cmd/ports
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"upset/faults/provenance"
	"upset/models/readings"
	"upset/npu"
	"upset/stats/result"
)

// variant is a way of access to the shared buffer.
type variant struct {
	name             string
	ports, placement int // npu.Limits
}

// variants of the comparison; the first one is the default.
var variants = []variant{
	{"any number", 0, 0}, {"one, pixels", 1, 0}, {"one, words", 1, 1}, {"one, bytes", 1, 2},
}

// system is the default one with the variant's access to the shared buffer.
func (v *variant) system() npu.System {
	s := npu.DefaultSystem()
	s.Limits.SharedPorts, s.Limits.SharedPlacement = v.ports, v.placement
	return s
}

// file is the same as a system file.
func (v *variant) file() string {
	return fmt.Sprintf("limits:\n  shared_ports: %d\n  shared_placement: %d\n", v.ports, v.placement)
}

// limit is a line of a system file with one of a variant's numbers.
var limit = regexp.MustCompile(`(?m)^  (shared_ports|shared_placement): \d+`)

// within puts the variant into the text of a system file.
func (v *variant) within(system []byte) ([]byte, error) {
	found := 0
	text := limit.ReplaceAllFunc(system, func(line []byte) []byte {
		found++
		if bytes.Contains(line, []byte("shared_ports")) {
			return fmt.Appendf(nil, "  shared_ports: %d", v.ports)
		}
		return fmt.Appendf(nil, "  shared_placement: %d", v.placement)
	})
	if found != 2 {
		return nil, errors.New("a system file does not say how many accesses the shared buffer takes")
	}
	return text, nil
}

// network is one that is assessed, with the folder of its inputs.
type network struct{ name, model, inputs string }

// networks of the assessments: small enough for three of each, one of them with 16-bit inputs
// (our choice).
func networks(shared string) []network {
	model := func(name string) string { return filepath.Join(shared, "models", name+".tflite") }
	list := []network{
		{"kws_ref_model", model("kws_ref_model"), filepath.Join(shared, "inputs", "kws_ref_model")},
		{"seanet_conv1_int16", model("seanet_conv1_int16"), filepath.Join(shared, "golden", "seanet_conv1_int16")},
	}
	for _, name := range []string{"fashion-tiny", "fashion-dscnn"} {
		base := filepath.Join("testdata", "models", name)
		list = append(list, network{name, base + ".tflite", base + ".inputs"})
	}
	return list
}

const seed = 1 // of the assessments (our choice)

// assessed are the variants with assessments: the default, and the best and the worst placement.
var assessed = []int{0, 1, 3}

func main() {
	shared := flag.String("shared", filepath.Join("..", "shared"), "folder with networks, counters and Vela's outputs")
	kept := flag.String("kept", "", "folder for the results of the assessments; one that is there is not run again")
	injections := flag.Int("injections", 3000, "injections of each assessment")
	out := flag.String("out", filepath.FromSlash("docs/ports.md"), "page to write")
	flag.Parse()
	if err := run(*shared, *kept, *out, *injections); err != nil {
		fmt.Fprintln(os.Stderr, "ports:", err)
		os.Exit(1)
	}
}

func run(shared, kept, out string, injections int) error {
	dir, err := os.MkdirTemp("", "ports")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tool, err := build(dir, ".")
	if err != nil {
		return err
	}
	if kept == "" {
		kept = dir
	}
	var p page
	if p.readings, err = measured(tool, filepath.FromSlash(readings.Folder), filepath.Join(shared, "counters")); err != nil {
		return err
	}
	if p.totals, err = totals(filepath.Join(shared, "vela")); err != nil {
		return err
	}
	if p.assessments, err = assessments(tool, networks(shared), kept, injections); err != nil {
		return err
	}
	text, err := p.text()
	if err != nil {
		return err
	}
	return provenance.Write(context.Background(), out, text, false)
}

// assessment is what a network came to under the assessed variants.
type assessment struct {
	network
	results []result.Assess
}

// build makes the program from the source in a folder.
func build(dir, root string) (tool string, err error) {
	tool = filepath.Join(dir, "upset")
	cmd := exec.Command("go", "build", "-o", tool, "./cmd/upset")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return tool, nil
}

// command runs the program. Exit code 4 is a verdict, not an error.
func command(tool string, args ...string) ([]byte, error) {
	cmd := exec.Command(tool, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 4 {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("upset %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return text, nil
}

// assessments runs upset assess; a result that is kept is not made again.
func assessments(tool string, list []network, kept string, injections int) ([]assessment, error) {
	dir, err := os.MkdirTemp("", "ports")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var all []assessment
	for _, n := range list {
		a := assessment{network: n}
		for _, k := range assessed {
			v := variants[k]
			file := filepath.Join(kept, fmt.Sprintf("%s-%d-%d.json", n.name, v.ports, v.placement))
			text, err := os.ReadFile(file)
			if errors.Is(err, os.ErrNotExist) {
				text, err = assess(tool, n, &v, dir, injections)
				if err == nil {
					err = os.WriteFile(file, text, 0o644)
				}
			}
			if err != nil {
				return nil, err
			}
			var r result.Assess
			if err := json.Unmarshal(text, &r); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if r.Campaign.Injections != injections {
				return nil, fmt.Errorf("%s has %d injections, not %d: remove it", file, r.Campaign.Injections, injections)
			}
			a.results = append(a.results, r)
		}
		all = append(all, a)
	}
	return all, nil
}

// assess runs one assessment.
func assess(tool string, n network, v *variant, dir string, injections int) ([]byte, error) {
	system := filepath.Join(dir, "system.yaml")
	if err := os.WriteFile(system, []byte(v.file()), 0o644); err != nil {
		return nil, err
	}
	campaign := filepath.Join(dir, fmt.Sprintf("%s-%d-%d", n.name, v.ports, v.placement))
	return command(tool, "assess", n.model, "--inputs", n.inputs, "--system", system, "--injections", strconv.Itoa(injections),
		"--seed", strconv.Itoa(seed), "--format", "json", "--out", campaign)
}
