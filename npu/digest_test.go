package npu_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

// TestStateDigests compares the whole state of the machine, every few thousand
// cycles, with recorded digests. A change that only makes the simulator faster
// leaves them as they are; a change of the microarchitecture or its timing needs
//
//	go test ./npu -run StateDigests -update
func TestStateDigests(t *testing.T) {
	const every = 5003
	var b strings.Builder
	for _, c := range isa.Configs {
		for _, name := range []string{"kws_ref_model", "ops/conv_3x3_int16", "ops/sub_diff", "ops/resize_bilinear_2x", "ops/mean_hw", "ops/maxpool_3x3_int16", "ops/softmax_int8"} {
			p := velaProgram(t, c, name)
			m := load(t, p, goldenInput(t, name), npu.DefaultSystem(), npu.ECCNone)
			h := sha256.New()
			for m.S.CC.Run != 0 {
				m.Run(m.Cycle() + every)
				if err := binary.Write(h, binary.LittleEndian, &m.S); err != nil {
					t.Fatal(err)
				}
				h.Write(m.Mem.SRAM)
			}
			fmt.Fprintf(&b, "%s %s %d %x\n", c, name, m.Cycle(), h.Sum(nil)[:12])
		}
	}
	file := filepath.Join("testdata", "state_digests.txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(b.String())) {
		got := strings.Split(b.String(), "\n")
		for i, w := range strings.Split(string(want), "\n") {
			if i < len(got) && got[i] != w {
				t.Fatalf("the state changed:\n got %s\nwant %s", got[i], w)
			}
		}
		t.Fatal("the list of digests changed")
	}
}
