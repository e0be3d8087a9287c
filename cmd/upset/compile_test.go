package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/npu/isa"
)

// compiled runs upset compile and returns its summary.
func compiled(t *testing.T, args ...string) compilation {
	t.Helper()
	var r compilation
	if err := json.Unmarshal([]byte(mustRun(t, codeDone, append([]string{"compile", "--format", "json"}, args...)...).out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// sha returns the digests of a run's outputs.
func outputDigest(t *testing.T, args ...string) any {
	t.Helper()
	r := parse(t, mustRun(t, codeDone, append([]string{"run", "--format", "json"}, args...)...).out)
	return r["outputs"].([]any)[0].(map[string]any)["sha256"]
}

// TestCompileAndRun writes our compilation as a file and runs that: the output
// and the final state of the machine must be those of the network itself.
func TestCompileAndRun(t *testing.T) {
	for _, c := range isa.Configs {
		file := filepath.Join(t.TempDir(), "net.tflite")
		r := compiled(t, tiny, "--npu", c.String(), "--out", file)
		if info, err := os.Stat(file); err != nil || r.File == nil || info.Size() != int64(r.File.Bytes) || r.Compiler != "upset" || r.NPU != c.String() || r.MACs != 208 {
			t.Fatalf("%s: %+v, %v", c, r, err)
		}
		args := []string{"--npu", c.String(), "--input", tinyInput, "--format", "json"}
		a := parse(t, mustRun(t, codeDone, append([]string{"run", tiny}, args...)...).out)
		b := parse(t, mustRun(t, codeDone, append([]string{"run", file}, args...)...).out)
		if a["state_digest"] != b["state_digest"] || a["cycles"] != b["cycles"] {
			t.Errorf("%s: the file runs to another state: %v and %v cycles", c, a["cycles"], b["cycles"])
		}
		if x, y := outputDigest(t, tiny, "--npu", c.String(), "--input", tinyInput), outputDigest(t, file, "--npu", c.String(), "--input", tinyInput); x != y {
			t.Errorf("%s: outputs %v and %v", c, x, y)
		}
		again := compiled(t, file, "--npu", c.String())
		if again.Compiler != "vela" || again.Weights != r.Weights || again.Words != r.Words || again.Arena != r.Arena || again.Flash != r.Flash {
			t.Errorf("%s: the file is described as %+v", c, again)
		}
	}
}

// TestCompileGolden does so for two networks and the outputs of the reference
// runtime.
func TestCompileGolden(t *testing.T) {
	for _, name := range []string{"kws_ref_model", "ad01_int8"} {
		dir := t.TempDir()
		file := filepath.Join(dir, "net.tflite")
		compiled(t, shared(t, "models", name+".tflite"), "--npu", "u55-256", "--out", file)
		mustRun(t, codeDone, "run", file, "--npu", "u55-256", "--input", shared(t, "golden", name, "in_01.bin"), "--output-dir", dir)
		if !bytes.Equal(readTestFile(t, filepath.Join(dir, "output.bin")), readTestFile(t, shared(t, "golden", name, "out_01.bin"))) {
			t.Errorf("%s: the compiled file gives another output than the reference", name)
		}
	}
}

// TestCompileSummary checks the figures against the stream of another compiler,
// for which they are known: weights move by DMA and are counted once.
func TestCompileSummary(t *testing.T) {
	r := compiled(t, shared(t, "vela", "ethos-u55-128", "kws_ref_model_vela.tflite"))
	if r.Compiler != "vela" || r.Words != 829 || r.Arena != 22080 || r.Flash != 36832 || r.Programs != 1 || r.HostOps != 0 {
		t.Errorf("%+v", r)
	}
	moved := int64(0)
	for _, op := range r.Operations {
		moved += op.Moved
	}
	// All weights but the last layer's, and one table of 1 KiB, go by DMA.
	if r.Weights+r.Scales-912-128 != moved-1024 {
		t.Errorf("weights %d and scales %d, %d bytes moved", r.Weights, r.Scales, moved)
	}
	text := mustRun(t, codeDone, "compile", tiny).out
	records, err := csv.NewReader(strings.NewReader(mustRun(t, codeDone, "compile", tiny, "--format", "csv").out)).ReadAll()
	if err != nil || len(records) != len(compiled(t, tiny).Operations)+1 || !strings.Contains(text, "2 x 2 x 4") || !strings.Contains(text, "dense1") {
		t.Errorf("%v: %d records\n%s", err, len(records), text)
	}
}
