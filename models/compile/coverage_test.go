package compile

import (
	"path/filepath"
	"slices"
	"testing"

	"upset/models/tflite"
	"upset/npu/isa"
)

// velaHost lists the operators of a network that Vela left to the host.
func velaHost(m *tflite.Model) []string {
	var names []string
	for _, op := range m.Subgraphs[0].Operators {
		if op.Custom != "ethos-u" {
			names = append(names, op.Name())
		}
	}
	return names
}

// ourHost lists the operators that our compiler leaves to the host.
func ourHost(t *testing.T, m *tflite.Model, c isa.Config) []string {
	stages, err := Stages(m, Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range stages {
		if s.Program == nil {
			names = append(names, m.Subgraphs[0].Operators[s.Operator].Name())
		}
	}
	return names
}

// TestHostOperators checks that nothing runs on the host that Vela runs on the
// NPU, in any model of the data folder.
func TestHostOperators(t *testing.T) {
	dir := shared(t)
	compared := 0
	for _, sub := range []string{".", "ops"} {
		for n, c := range isa.Configs {
			files, err := filepath.Glob(filepath.Join(dir, "vela", "ethos-"+c.String(), sub, "*_vela.tflite"))
			if err != nil || len(files) == 0 {
				t.Fatalf("no compiled networks for %v: %v", c, err)
			}
			for i, file := range files {
				if !full() && i%len(isa.Configs) != n {
					continue
				}
				name := filepath.Base(file[:len(file)-len("_vela.tflite")])
				ours := ourHost(t, load(t, filepath.Join(dir, "models", sub, name+".tflite")), c)
				theirs := velaHost(load(t, file))
				for _, op := range ours {
					at := slices.Index(theirs, op)
					if at < 0 {
						t.Errorf("%s on %v: %s runs on the host; Vela runs it on the NPU", name, c, op)
						continue
					}
					theirs = slices.Delete(theirs, at, at+1)
				}
				if len(ours)+len(theirs) > 0 {
					t.Logf("%s on %v: host %v; left to the host by Vela only: %v", name, c, ours, theirs)
				}
				compared++
			}
		}
	}
	if compared < 60 {
		t.Errorf("only %d models were compared", compared)
	}
}
