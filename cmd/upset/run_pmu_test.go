package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/models/check"
	"upset/models/readings"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// writeCounters stores a text in a file and returns its name.
func writeCounters(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// runResult is the result of a run.
func runResult(t *testing.T, args ...string) result.Run {
	t.Helper()
	var r result.Run
	if err := json.Unmarshal([]byte(mustRun(t, codeDone, append(args, "--format", "json")...).out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// Every tally has a name of its own, that of the public event where it has a number.
func TestTalliesHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for e := range npu.NumEvents {
		if name := pmuNames[e]; name == "" || seen[name] {
			t.Errorf("event %d is named %q", e, name)
		} else {
			seen[name] = true
		}
	}
	for _, x := range npu.PublicEvents {
		// Two numbers may stand for one tally: then one of the names is in use.
		if e, ok := npu.EventOf(x.Number); ok && pmuNames[e] != x.Name && !slices.Contains([]string{"cycle", "mac_dpu_active", "ecc_sb0"}, x.Name) {
			t.Errorf("%#x is %s, its tally %s", x.Number, x.Name, pmuNames[e])
		}
	}
}

// The counters of a run, given back in each form, are equal to the run.
func TestPMUOfTheRunItself(t *testing.T) {
	r := runResult(t, "run", tiny, "--input", tinyInput)
	names := []string{"npu_active", "axi0_rd_data_beat_received", "axi0_wr_data_beat_written", "axi1_rd_data_beat_received", "axi0_rd_tran_req_stalled", "axi0_wr_data_beat_stalled"}
	var kit, csv strings.Builder
	for _, name := range names {
		kit.WriteString("INFO - NPU " + strings.ToUpper(name) + ": " + jsonNumber(r.PMU[name]) + " beats\n")
		csv.WriteString(name + "," + jsonNumber(r.PMU[name]) + "\n")
	}
	for _, file := range []string{writeCounters(t, "kit.log", kit.String()), writeCounters(t, "table.csv", csv.String())} {
		got := runResult(t, "run", tiny, "--input", tinyInput, "--pmu", file)
		x := got.Reading
		if x == nil || x.Name != filepath.Base(file) || x.ReadBy != "log" || len(x.Counters) != len(names) || len(x.Operations) != 0 || len(x.Explanations) != 0 || len(got.Warnings) != 0 {
			t.Fatalf("%s: %+v, warnings %v", file, x, got.Warnings)
		}
		for _, c := range x.Counters {
			if c.Ours == nil || *c.Ours != c.Reading || c.Differs || c.Reading > 0 && *c.Ratio != 1 {
				t.Errorf("%s: %+v", file, c)
			}
		}
	}
}

func jsonNumber(n int64) string {
	text, _ := json.Marshal(n)
	return string(text)
}

// The written beats of the operations add up to those of the ports, and so do their
// cycles with a read under way.
func TestDetailsAddUp(t *testing.T) {
	for _, model := range []string{tiny, "../../testdata/models/fashion-dscnn.tflite"} {
		n, err := openModel(t.Context(), model, check.Choice{Config: isa.U55x128, Given: true})
		if err != nil {
			t.Fatal(err)
		}
		run := newInference(t.Context(), npu.DefaultSystem())
		if _, err := run.run(n, make([]byte, n.InputBytes())); err != nil {
			t.Fatal(err)
		}
		var written, read [2]int64
		busy, calm, kernels := int64(0), int64(0), 0
		for _, o := range run.detailed() {
			for p := range written {
				written[p], read[p] = written[p]+o.Written[p], read[p]+o.Read[p]
			}
			busy, calm = busy+o.Busy, calm+o.Calm
			if o.Busy > o.Cycles || o.Calm > o.Cycles {
				t.Errorf("%s: %s is busy for %d and calm for %d of %d cycles", model, o.Name, o.Busy, o.Calm, o.Cycles)
			}
			if o.Decoded != nil {
				kernels++
				bytes := int64(o.Decoded.OFMH) * int64(o.Decoded.OFMW) * int64(o.Decoded.OFMD) * int64(o.Decoded.OFM.Bytes)
				if n := o.Written[0] + o.Written[1]; 8*n < bytes || n > 2*bytes { // a whole brick of a single channel has two
					t.Errorf("%s: %s writes %d bytes in %d beats", model, o.Name, bytes, n)
				}
			}
		}
		e := &run.events
		if want := [2]int64{int64(e[npu.EvAXIWriteBeat]), int64(e[npu.EvAXIWriteBeat1])}; written != want {
			t.Errorf("%s: operations write %v beats, the ports %v", model, written, want)
		}
		if want := [2]int64{int64(e[npu.EvAXIReadBeat]), int64(e[npu.EvAXIReadBeat1])}; read != want {
			t.Errorf("%s: operations read %v beats, the ports %v", model, read, want)
		}
		array, output := int64(e[npu.EvMACActive]), int64(e[npu.EvAOActive])
		if worked := int64(run.cycles) - calm; worked < max(array, output) || worked > array+output {
			t.Errorf("%s: work in %d cycles, the array in %d, the output stage in %d", model, worked, array, output)
		}
		if busy == 0 || kernels == 0 {
			t.Errorf("%s: %d busy cycles, %d kernel operations", model, busy, kernels)
		}
	}
}

// A reading of another stream, configuration and system warns of each.
func TestPMUOfAnotherRun(t *testing.T) {
	file := filepath.Join("..", "..", filepath.FromSlash(readings.Folder), "fvp-rnnoise.yaml")
	r := runResult(t, "run", tiny, "--input", tinyInput, "--npu", "u55-64", "--pmu", file)
	var codes []string
	for _, w := range r.Warnings {
		codes = append(codes, w.Code)
		if w.Subject != "fvp-rnnoise" {
			t.Errorf("%+v", w)
		}
	}
	if !slices.Equal(codes, []string{"other_stream", "other_configuration", "other_system"}) {
		t.Errorf("warnings %v", codes)
	}
	if r.Reading.ReadBy != readings.Simulator || len(r.Reading.Operations) == 0 {
		t.Errorf("%+v", r.Reading)
	}
	for format, want := range map[string]string{"text": "beats differ by", "csv": "counter,"} {
		if o := mustRun(t, codeDone, "run", tiny, "--input", tinyInput, "--pmu", file, "--format", format); !strings.Contains(o.out, want) {
			t.Errorf("%s lacks %q:\n%s", format, want, o.out)
		}
	}
}

// Files that hold no counters are refused in one line, before anything runs.
func TestPMURefuses(t *testing.T) {
	for _, x := range []struct{ file, want string }{
		{writeCounters(t, "empty.txt", ""), "no counter found"},
		{writeCounters(t, "other.log", "hello: 5\n"), "no counter found"},
		{writeCounters(t, "half.csv", "npu_active,12.5\n"), "line 1: npu_active: 12.5 is no whole number"},
		{writeCounters(t, "bad.yaml", "npu_active: 5\n"), "npu_active"},
		{writeCounters(t, "bad.YML", "npu_active: [\n"), "counters"},
		{writeCounters(t, "large.txt", strings.Repeat("npu_active: 5\n", 1<<17)), "at most"},
		{filepath.Join(t.TempDir(), "absent.txt"), "no such file"},
		{t.TempDir(), "no regular file"},
	} {
		o := mustRun(t, codeUsage, "run", tiny, "--input", tinyInput, "--pmu", x.file)
		if !strings.Contains(o.errors, x.want) || strings.Count(strings.TrimSpace(o.errors), "\n") > 0 || o.out != "" {
			t.Errorf("%s: %q, want %q", x.file, o.errors, x.want)
		}
	}
}

// docs/silicon.md is what the command reports for every reading. All beats are those of the
// readings, active cycles within 3 % of theirs and in the range that README names.
func TestSiliconPage(t *testing.T) {
	streams := shared(t, "counters")
	folder := filepath.Join("..", "..", filepath.FromSlash(readings.Folder))
	list, err := readings.Cases(folder)
	if err != nil {
		t.Fatal(err)
	}
	low, high := math.Inf(1), 0.0
	if len(list) < 5 {
		t.Fatalf("%d readings", len(list))
	}
	for i := range list {
		c := &list[i]
		stream, err := c.Reading.Stream.Find(streams)
		if err != nil {
			t.Fatal(err)
		}
		c.Run = runResult(t, c.Arguments(stream, folder)...)
		if got := len(c.Run.Warnings); got != 1 || c.Run.Warnings[0].Code != "zero_input" {
			t.Errorf("%s: warnings %v", c.Reading.Name, c.Run.Warnings)
		}
		for _, x := range c.Run.Reading.Counters {
			switch {
			case x.Differs:
				t.Errorf("%s: %s: %d, ours is another", c.Reading.Name, x.Name, x.Reading)
			case x.Name == "npu_active" && x.Ratio != nil:
				low, high = min(low, *x.Ratio), max(high, *x.Ratio)
			}
		}
	}
	if low < 0.97 || high > 1.03 {
		t.Errorf("active cycles are %.3f to %.3f of the readings", low, high)
	}
	if text := fmt.Sprintf("cycles are %.3f to %.3f of theirs", low, high); !strings.Contains(string(readTestFile(t, "../../README.md")), text) {
		t.Errorf("README does not say: %s", text)
	}
	var b bytes.Buffer
	if err := readings.Write(&b, list); err != nil {
		t.Fatal(err)
	}
	if page := string(readTestFile(t, "../../docs/silicon.md")); page != b.String() {
		t.Errorf("docs/silicon.md is out of date: go run ./models/readings/generate\n%s", firstDifference(b.String(), page))
	}
}
