package npu_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"upset/npu/isa"
)

func TestTmp(t *testing.T) {
	for _, c := range isa.Configs {
		folder := shared(t, "vela", "ethos-"+c.String())
		var files []string
		for _, p := range []string{"seanet*_vela.tflite", "str_ww*_vela.tflite", "ops/*_vela.tflite"} {
			f, _ := filepath.Glob(filepath.Join(folder, p))
			files = append(files, f...)
		}
		for _, f := range files {
			rel, _ := filepath.Rel(folder, strings.TrimSuffix(f, "_vela.tflite"))
			t.Run(c.String()+"/"+rel, func(t *testing.T) {
				p := velaProgram(t, c, rel)
				in, err := os.ReadFile(shared(t, "golden", rel, "in_01.bin"))
				if err != nil {
					t.Fatal(err)
				}
				want, err := os.ReadFile(shared(t, "golden", rel, "npu_01.bin"))
				if err != nil {
					want, err = os.ReadFile(shared(t, "golden", rel, "out_01.bin"))
				}
				if err != nil {
					t.Fatal(err)
				}
				out, cyc := compareMachines(t, p, in)
				if !bytes.Equal(out, want) {
					t.Errorf("golden %s", diff(out, want))
				}
				t.Logf("%d cycles", cyc)
			})
		}
	}
}
