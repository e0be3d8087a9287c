package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/models/selection"
)

// mayImport says which of our packages each package may import. A name that ends
// in "/..." stands for all packages below it. A package that is not listed may
// import nothing of ours, and must be entered here when it is made.
var mayImport = map[string][]string{
	"npu/isa":                           {"npu/arith"},
	"npu/mlw":                           {},
	"npu/arith":                         {},
	"npu":                               {"npu/arith", "npu/isa", "npu/kernel", "npu/mlw"},
	"npu/functional":                    {"npu/arith", "npu/isa", "npu/mlw"},
	"models/tflite":                     {},
	"models/executorch":                 {},
	"models/npy":                        {},
	"models/reference":                  {"models/tflite", "npu/..."},
	"models/compile":                    {"models/reference", "models/tflite", "npu/..."},
	"npu/cone":                          {"npu/arith", "npu/functional", "npu/isa", "npu/kernel", "npu/mlw"},
	"npu/kernel":                        {"npu/arith"},
	"models/tflite/flextest":            {},
	"models/train":                      {"models/train/nets"},
	"models/train/rebuild":              {"models/selection", "models/selection/...", "models/train", "models/train/...", "models/zoo"},
	"models/train/nets":                 {"models/tflite", "models/train/integer"},
	"models/train/integer":              {"models/tflite"},
	"models/train/data":                 {"models/train"},
	"models/selection":                  {"models/guest", "models/network", "models/reference", "models/tflite", "npu", "npu/..."},
	"models/selection/kit":              {"models/train/nets"},
	"models/selection/artefacts":        {"models/selection", "models/tflite", "models/train", "models/train/data"},
	"models/selection/tasks":            {"models/selection", "models/selection/..."},
	"models/guest":                      {},
	"models/zoo":                        {},
	"models/container":                  {"models/executorch", "models/npy", "models/reference", "models/tflite", "npu/isa"},
	"models/network":                    {"models/compile", "models/container", "models/reference", "models/tflite", "npu", "npu/..."},
	"models/check":                      {"models/compile", "models/container", "models/network", "models/reference", "models/tflite", "npu", "npu/isa"},
	"models/inputs":                     {"models/network", "models/npy", "models/tflite"},
	"models/cycles":                     {"models/network", "npu", "npu/..."},
	"models/cycles/generate":            {"models/cycles", "npu", "npu/..."},
	"models/networks":                   {"models/check", "models/network", "npu", "npu/isa"},
	"models/networks/generate":          {"models/networks"},
	"models/weights":                    {"models/network", "npu", "npu/..."},
	"models/weights/generate":           {"models/weights", "npu", "npu/..."},
	"models/readings":                   {"npu", "npu/isa", "stats/result"},
	"models/readings/generate":          {"models/readings"},
	"netlist":                           {"npu", "npu/..."},
	"netlist/transient":                 {"netlist", "npu", "npu/isa"},
	"netlist/transient/gates":           {"netlist", "netlist/cosim", "netlist/gate", "netlist/rtl", "netlist/transient"},
	"netlist/transient/generate":        {"faults/provenance", "models/network", "netlist", "netlist/cosim", "netlist/transient", "netlist/transient/gates", "npu", "npu/isa"},
	"faults/logic":                      {"faults", "faults/engine", "faults/mechanism", "netlist/cosim", "netlist/gate", "npu", "stats"},
	"faults/logic/generate":             {"faults", "faults/engine", "faults/logic", "faults/mechanism", "faults/protect", "faults/provenance", "models/network", "models/zoo", "netlist/cosim", "npu", "npu/isa"},
	"netlist/rtl/area":                  {"faults/mechanism", "faults/protect", "netlist", "npu", "npu/isa", "stats", "stats/result"},
	"netlist/rtl/area/generate":         {"netlist/rtl/area"},
	"netlist/gate":                      {},
	"netlist/rtl":                       {"netlist/gate", "npu/isa"},
	"netlist/rtl/bench":                 {},
	"netlist/rtl/generate":              {"netlist/gate", "netlist/rtl"},
	"netlist/rtl/verilate":              {"models/network", "netlist/cosim", "netlist/gate", "netlist/rtl", "npu", "npu/..."},
	"netlist/cosim":                     {"netlist", "netlist/gate", "netlist/rtl", "npu", "npu/isa"},
	"netlist/cosim/generate":            {"faults/provenance", "models/network", "netlist/cosim", "npu", "npu/isa"},
	"stats":                             {"stats/descent"},
	"stats/descent":                     {},
	"stats/result":                      {},
	"stats/figure":                      {},
	"stats/report":                      {"stats", "stats/figure", "stats/result"},
	"faults":                            {"faults/criterion", "netlist", "npu", "npu/..."},
	"faults/criterion":                  {"models/guest", "models/network", "models/tflite"},
	"faults/stream":                     {"models/network", "npu", "npu/cone", "npu/isa"},
	"faults/golden":                     {"faults", "faults/stream", "models/network", "npu", "npu/cone", "npu/isa"},
	"faults/engine":                     {"faults", "faults/criterion", "faults/golden", "faults/stream", "models/network", "netlist", "netlist/transient", "npu", "npu/arith", "npu/cone", "npu/isa"},
	"faults/story":                      {"faults", "faults/engine", "faults/golden", "models/network", "npu", "npu/isa"},
	"models/nettest":                    {"models/network", "models/tflite", "npu", "npu/isa"},
	"faults/mechanism":                  {"netlist", "npu", "npu/..."},
	"faults/mechanism/generate":         {"faults/mechanism", "netlist", "npu", "npu/..."},
	"faults/convergence":                {"faults", "faults/criterion", "faults/engine", "models/network", "netlist", "npu", "npu/...", "stats", "stats/result"},
	"faults/convergence/generate":       {"faults", "faults/convergence", "faults/engine", "faults/provenance", "models/network", "netlist", "npu", "npu/...", "stats/result"},
	"faults/decision":                   {"faults", "faults/engine", "faults/mechanism", "faults/protect", "models/network", "models/selection", "netlist", "npu", "npu/...", "stats", "stats/result"},
	"faults/decision/generate":          {"faults", "faults/campaign", "faults/criterion", "faults/decision", "faults/engine", "faults/mechanism", "faults/protect", "faults/provenance", "models/network", "models/selection", "models/selection/...", "npu", "npu/...", "stats", "stats/figure", "stats/report", "stats/result"},
	"faults/exhaustive":                 {"faults", "faults/campaign", "faults/engine", "faults/golden", "models/network", "models/zoo", "netlist", "npu", "npu/...", "stats", "stats/result"},
	"faults/exhaustive/generate":        {"faults", "faults/campaign", "faults/engine", "faults/exhaustive", "faults/provenance", "faults/verdicts", "stats"},
	"faults/residue":                    {"faults", "faults/engine", "faults/golden", "models/network", "netlist", "npu", "npu/...", "stats", "stats/result"},
	"faults/residue/generate":           {"faults", "faults/engine", "faults/provenance", "faults/residue", "models/network", "models/zoo", "npu", "npu/...", "stats/result"},
	"faults/verdicts":                   {"faults", "faults/campaign", "faults/mechanism", "faults/protect", "faults/provenance", "netlist", "npu", "npu/...", "stats", "stats/..."},
	"faults/stimulus/generate":          {"faults", "faults/campaign", "faults/engine", "faults/provenance", "models/inputs", "models/network", "npu", "npu/...", "stats/result"},
	"faults/verdicts/generate":          {"faults/provenance", "faults/verdicts"},
	"faults/campaign":                   {"faults", "faults/disk", "faults/engine", "faults/golden", "faults/mechanism", "models/network", "netlist", "netlist/transient", "npu", "npu/...", "stats", "stats/result"},
	"faults/protect":                    {"faults", "faults/campaign", "faults/disk", "faults/engine", "faults/logic", "faults/mechanism", "netlist", "netlist/cosim", "netlist/transient", "npu", "npu/...", "stats", "stats/result"},
	"faults/protect/generate":           {"faults", "faults/engine", "faults/mechanism", "faults/protect", "faults/provenance", "models/network", "models/zoo", "npu", "npu/...", "stats"},
	"faults/export":                     {"faults", "faults/campaign", "faults/mechanism", "netlist", "stats/result"},
	"faults/qualify":                    {"faults", "faults/campaign", "faults/convergence", "faults/engine", "faults/exhaustive", "faults/mechanism", "faults/protect", "faults/provenance", "faults/residue", "faults/verdicts", "models/network", "models/reference", "models/tflite", "models/zoo", "netlist/cosim", "npu", "npu/isa", "stats", "stats/result", "testdata"},
	"faults/audit":                      {},
	"faults/qualify/generate":           {"faults/qualify"},
	"testdata":                          {},
	"faults/provenance":                 {"faults", "faults/campaign", "faults/engine", "faults/mechanism", "faults/protect", "models/network", "models/zoo", "npu", "npu/..."},
	"faults/array":                      {},
	"faults/disk":                       {},
	"faults/endurance":                  {"faults", "faults/campaign", "faults/disk", "faults/engine", "faults/protect", "models/network", "models/zoo", "npu", "npu/isa", "stats", "stats/report", "stats/result"},
	"faults/endurance/generate":         {"faults/endurance", "models/zoo"},
	"cmd/upset":                         {"..."},
	"cmd/readme":                        {},
	"cmd/dist":                          {"stats/report"},
	"cmd/ports":                         {"faults/provenance", "models/cycles", "models/readings", "npu", "npu/...", "stats/result"},
	"cmd/study":                         {"faults/audit", "faults/campaign", "faults/mechanism", "faults/protect", "faults/provenance", "netlist", "npu", "npu/isa", "stats", "stats/figure", "stats/report", "stats/result"},
	"cmd/page":                          {"faults/provenance"},
	"cmd/page/worker":                   {"cmd/page/job"},
	"cmd/page/job":                      {"faults", "faults/campaign", "faults/engine", "faults/protect", "faults/story", "models/check", "models/inputs", "models/network", "npu", "npu/isa", "stats", "stats/report", "stats/result"},
	"cmd/transfer":                      {"faults", "faults/campaign", "faults/engine", "faults/protect", "faults/provenance", "models/network", "npu", "npu/...", "stats", "stats/result"},
	"faults/protect/software":           {"faults", "faults/campaign", "faults/engine", "faults/protect", "models/network", "npu", "stats", "stats/result"},
	"faults/protect/software/generate":  {"faults/protect/software", "faults/provenance", "stats/result"},
	"faults/convergence/generate/probe": {"faults", "faults/engine", "models/network", "netlist", "npu", "npu/isa"},
	"faults/experiment":                 {"faults", "faults/array", "faults/campaign", "faults/criterion", "faults/engine", "faults/runcache", "models/inputs", "models/network", "npu/isa", "stats/report", "stats/result"},
	"faults/experiment/example":         {"faults/campaign", "faults/experiment", "npu/isa"},
	"models/reference/reftest":          {"models/reference", "models/tflite"},
	"faults/runcache":                   {"faults", "faults/engine", "faults/golden", "models/network", "npu"},
	"models/selection/digits":           {"models/reference", "models/selection", "models/selection/...", "models/tflite", "models/train/..."},
	"models/selection/scoretest":        {"models/selection", "models/selection/digits"},
	"models/selection/tasks/*":          {"models/selection", "models/selection/...", "models/tflite", "models/train", "models/train/...", "stats/descent"},
	"models/selection/audit":            {"models/selection", "models/selection/kit", "models/tflite", "npu/isa"},
	"models/selection/guide":            {"models/selection", "models/selection/tasks"},
	"models/selection/own":              {"models/guest", "models/selection", "models/tflite"},
	"models/selection/own/generate":     {"models/selection/digits", "models/train/data", "models/train/nets"},
	"models/train/cells":                {"models/tflite", "models/train/integer"},
}

// listed is a package as go list prints it.
type listed struct {
	ImportPath    string
	Imports, Deps []string
	// TestImports and XTestImports are those of tests alone.
	TestImports, XTestImports []string
	Error                     *struct{ Err string }
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports,Deps,Error", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		// A program with a profile is built of packages of its own, named "path [program]".
		for _, list := range [][]string{p.Imports, p.Deps, p.TestImports, p.XTestImports} {
			for i := range list {
				list[i], _, _ = strings.Cut(list[i], " [")
			}
		}
		all = append(all, p)
	}
}

func TestImportTable(t *testing.T) {
	seen := map[string]bool{"testdata": true} // which ./... leaves out
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, "upset/")
		if strings.HasPrefix(name, "models/selection/tasks/") {
			name = "models/selection/tasks/*"
		}
		seen[name] = true
		allowed, ok := mayImport[name]
		if !ok {
			t.Errorf("package %s is not in the import table", name)
		}
		for _, imported := range p.Imports {
			ours, is := strings.CutPrefix(imported, "upset/")
			if is && !slices.ContainsFunc(allowed, func(pattern string) bool { return matches(pattern, ours) }) {
				t.Errorf("%s imports %s, which the import table does not allow", name, ours)
			}
		}
	}
	for name := range mayImport {
		if !seen[name] {
			t.Errorf("the import table has %s, which is no package", name)
		}
	}
}

// The machine must not know that anybody injects faults into it.
func TestMachineKnowsNothingOfFaults(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, "upset/")
		if !matches("npu/...", name) && name != "npu" {
			continue
		}
		for _, dep := range p.Deps {
			if ours, is := strings.CutPrefix(dep, "upset/"); is && !matches("npu/...", ours) && ours != "npu" {
				t.Errorf("%s depends on %s", name, ours)
			}
		}
	}
}

// What select list says is a part of this program is one: a package that the program is
// built of, a command with its flags, a flag, or a page.
func TestProductTasksAreInTheProduct(t *testing.T) {
	all := listPackages(t)
	deps := all[slices.IndexFunc(all, func(p listed) bool { return p.ImportPath == "upset/cmd/upset" })].Deps
	flags := map[string]bool{}
	noteFlags(newApp(&program{}).Commands, flags)
	for _, task := range selection.ProductTasks() {
		where, _, said := strings.Cut(task.Where, ":")
		if !said {
			t.Errorf("%s: %q does not say what the part does", task.Name, task.Where)
		}
		for part := range strings.SplitSeq(where, ", ") {
			var err error
			_, isFlag := flags[strings.TrimPrefix(strings.Fields(part)[0], "--")]
			switch {
			case strings.HasPrefix(part, "upset "):
				err = works(quoted{task.Name, part, true})
			case strings.HasPrefix(part, "docs/"):
				_, err = os.Stat(filepath.Join("..", "..", filepath.FromSlash(part)))
			case strings.HasPrefix(part, "--") && isFlag, slices.Contains(deps, "upset/"+part):
			default:
				err = errors.New("neither a package of the program nor a command, a flag or a page")
			}
			if err != nil {
				t.Errorf("%s: %s: %v", task.Name, part, err)
			}
		}
	}
}

func matches(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if prefix, ok := strings.CutSuffix(pattern, "..."); ok {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}
