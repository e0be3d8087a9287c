package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"upset/models/selection"
)

// mayImport says which of our packages each package may import. A name that ends
// in "/..." stands for all packages below it. A package that is not listed may
// import nothing of ours, and must be entered here when it is made.
var mayImport = map[string][]string{
	"npu/isa":                          {"npu/arith"},
	"npu/mlw":                          {},
	"npu/arith":                        {},
	"npu":                              {"npu/isa", "npu/mlw", "npu/arith", "npu/kernel"},
	"npu/functional":                   {"npu/isa", "npu/mlw", "npu/arith"},
	"models/tflite":                    {},
	"models/executorch":                {},
	"models/npy":                       {},
	"models/reference":                 {"models/tflite", "npu/..."},
	"models/compile":                   {"models/tflite", "models/reference", "npu/..."},
	"npu/cone":                         {"npu/isa", "npu/mlw", "npu/arith", "npu/functional"},
	"npu/kernel":                       {"npu/arith"},
	"models/tflite/flextest":           {},
	"models/train":                     {"models/tflite", "models/train/nets", "npu/..."},
	"models/train/rebuild":             {"models/selection", "models/selection/...", "models/train", "models/train/...", "models/zoo"},
	"models/train/nets":                {"models/tflite"},
	"models/train/data":                {"models/train"},
	"models/train/cells":               {"models/tflite"},
	"models/selection":                 {"models/driver", "models/guest", "models/reference", "models/tflite", "npu", "npu/..."},
	"models/selection/kit":             {},
	"models/selection/artefacts":       {"models/selection", "models/tflite", "models/train", "models/train/data"},
	"models/selection/digits":          {"models/reference", "models/selection", "models/selection/...", "models/tflite", "models/train/..."},
	"models/selection/scoretest":       {"models/selection", "models/selection/digits"},
	"models/selection/tasks":           {"models/selection", "models/selection/..."},
	"models/selection/tasks/*":         {"models/selection", "models/selection/...", "models/tflite", "models/train", "models/train/...", "stats/descent"}, // one folder a task
	"models/guest":                     {},
	"models/zoo":                       {},
	"models/driver":                    {"npu", "npu/...", "models/executorch", "models/npy", "models/tflite", "models/reference", "models/compile"},
	"models/check":                     {"models/compile", "models/driver", "models/reference", "models/tflite", "npu", "npu/isa"},
	"models/inputs":                    {"models/driver", "models/npy", "models/tflite"},
	"models/cycles":                    {"models/driver", "npu", "npu/..."},
	"models/cycles/generate":           {"models/cycles", "npu", "npu/..."},
	"models/networks":                  {"models/check", "models/driver", "npu", "npu/isa"},
	"models/networks/generate":         {"models/networks"},
	"models/weights":                   {"models/driver", "npu", "npu/..."},
	"models/weights/generate":          {"models/weights", "npu", "npu/..."},
	"models/readings":                  {"npu", "npu/isa", "stats/result"},
	"models/readings/generate":         {"models/readings"},
	"netlist":                          {"npu", "npu/..."},
	"netlist/transient":                {"netlist", "npu", "npu/isa"},
	"netlist/transient/gates":          {"netlist", "netlist/cosim", "netlist/gate", "netlist/rtl", "netlist/transient"},
	"netlist/transient/generate":       {"faults/provenance", "models/driver", "netlist", "netlist/cosim", "netlist/transient", "netlist/transient/gates", "npu", "npu/isa"},
	"faults/logic":                     {"faults", "faults/mechanism", "netlist/cosim", "netlist/gate", "npu", "stats"},
	"faults/logic/generate":            {"faults", "faults/logic", "faults/mechanism", "faults/protect", "faults/provenance", "models/driver", "models/zoo", "netlist/cosim", "npu", "npu/isa"},
	"netlist/rtl/area":                 {"faults/mechanism", "faults/protect", "netlist", "npu", "npu/isa"},
	"netlist/rtl/area/generate":        {"netlist/rtl/area"},
	"netlist/gate":                     {},
	"netlist/rtl":                      {"netlist/gate", "npu/isa"},
	"netlist/rtl/bench":                {},
	"netlist/rtl/generate":             {"netlist/gate", "netlist/rtl"},
	"netlist/rtl/verilate":             {"models/driver", "netlist/cosim", "netlist/gate", "netlist/rtl", "npu", "npu/..."},
	"netlist/cosim":                    {"netlist", "netlist/gate", "netlist/rtl", "npu", "npu/isa"},
	"netlist/cosim/generate":           {"faults/provenance", "models/driver", "netlist/cosim", "npu", "npu/isa"},
	"stats":                            {"stats/descent"},
	"stats/descent":                    {},
	"stats/result":                     {},
	"stats/figure":                     {},
	"stats/report":                     {"stats", "stats/figure", "stats/result"},
	"faults":                           {"netlist", "netlist/transient", "npu", "npu/...", "models/driver", "models/guest", "models/tflite"},
	"faults/mechanism":                 {"netlist", "npu", "npu/..."},
	"faults/mechanism/generate":        {"faults/mechanism", "netlist", "npu", "npu/..."},
	"faults/convergence":               {"faults", "models/driver", "netlist", "npu", "npu/...", "stats", "stats/result"},
	"faults/convergence/generate":      {"faults", "faults/convergence", "faults/provenance", "models/driver", "npu", "npu/...", "stats/result"},
	"faults/decision":                  {"faults", "faults/mechanism", "faults/protect", "models/driver", "models/selection", "netlist", "npu", "npu/...", "stats", "stats/result"},
	"faults/decision/generate":         {"faults", "faults/campaign", "faults/decision", "faults/mechanism", "faults/protect", "faults/provenance", "models/driver", "models/selection", "models/selection/...", "npu", "npu/...", "stats", "stats/figure", "stats/result"},
	"faults/exhaustive":                {"faults", "faults/campaign", "models/driver", "models/zoo", "netlist", "npu", "npu/...", "stats", "stats/result"},
	"faults/exhaustive/generate":       {"faults", "faults/campaign", "faults/exhaustive", "faults/planted", "faults/provenance", "stats"},
	"faults/residue":                   {"faults", "models/driver", "netlist", "npu", "npu/...", "stats", "stats/result"},
	"faults/residue/generate":          {"faults", "faults/provenance", "faults/residue", "models/driver", "models/zoo", "npu", "npu/...", "stats/result"},
	"faults/planted":                   {"faults", "faults/campaign", "faults/mechanism", "faults/protect", "faults/provenance", "netlist", "npu", "npu/...", "stats", "stats/..."},
	"faults/stimulus/generate":         {"faults", "faults/campaign", "faults/provenance", "models/driver", "models/inputs", "npu", "npu/...", "stats/result"},
	"faults/planted/generate":          {"faults/planted", "faults/provenance"},
	"faults/campaign":                  {"faults", "faults/mechanism", "netlist", "netlist/transient", "npu", "npu/...", "models/driver", "stats", "stats/result"},
	"faults/protect":                   {"faults", "faults/campaign", "faults/logic", "faults/mechanism", "netlist", "netlist/cosim", "npu", "npu/...", "stats", "stats/result"},
	"faults/protect/generate":          {"faults", "faults/mechanism", "faults/protect", "faults/provenance", "models/driver", "models/zoo", "npu", "npu/...", "stats"},
	"faults/provenance":                {"faults", "faults/campaign", "faults/mechanism", "faults/protect", "models/driver", "models/zoo", "npu", "npu/..."},
	"cmd/upset":                        {"..."},
	"cmd/readme":                       {},
	"cmd/ports":                        {"faults/provenance", "models/cycles", "models/readings", "npu", "npu/...", "stats/result"},
	"cmd/study":                        {"faults/mechanism", "faults/provenance", "stats", "stats/figure", "stats/result"},
	"cmd/transfer":                     {"faults", "faults/campaign", "faults/protect", "faults/provenance", "models/driver", "npu", "npu/...", "stats", "stats/result"},
	"faults/protect/software":          {"faults", "faults/campaign", "faults/protect", "models/driver", "npu", "stats", "stats/result"},
	"faults/protect/software/generate": {"faults/provenance", "faults/protect/software", "stats/result"},
}

// listed is a package as go list prints it.
type listed struct {
	ImportPath    string
	Imports, Deps []string
	Error         *struct{ Err string }
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps,Error", "./...")
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
		all = append(all, p)
	}
}

func TestImportTable(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, "upset/")
		if strings.HasPrefix(name, "models/selection/tasks/") {
			name = "models/selection/tasks/*"
		}
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

// What select list says is a part of this program is code that the program is built of.
func TestProductTasksAreInTheProduct(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.ImportPath != "upset/cmd/upset" {
			continue
		}
		for _, task := range selection.ProductTasks() {
			name, _, _ := strings.Cut(task.Where, ":")
			if !slices.Contains(p.Deps, "upset/"+name) {
				t.Errorf("%s: upset is not built of %s", task.Name, name)
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
