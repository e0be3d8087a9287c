package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"upset/npu"
)

// drawn is a trace as a reader sees it.
type drawn struct {
	OtherData struct {
		Cycles uint64
		Notes  []string
	}
	TraceEvents []traceEvent
}

func readTrace(t *testing.T, file string) drawn {
	t.Helper()
	var d drawn
	if err := json.Unmarshal(readTestFile(t, file), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// checkTrace checks the structure: all tracks are named, slices of a track are
// nested and in order, nothing lies behind the end, and counters go on in time.
func checkTrace(t *testing.T, d drawn, cycles uint64) {
	t.Helper()
	names := map[int]string{}
	stack := map[int][]traceEvent{}
	last := map[string]uint64{}
	for _, e := range d.TraceEvents {
		switch e.Phase {
		case "M":
			if e.Name == "thread_name" {
				names[e.Thread] = e.Args["name"].(string)
			}
		case "X":
			end := e.Time + e.Duration
			if e.Duration == 0 || end > cycles || names[e.Thread] == "" {
				t.Fatalf("%+v has no length, no track or lies behind cycle %d", e, cycles)
			}
			s := stack[e.Thread]
			for len(s) > 0 && s[len(s)-1].Time+s[len(s)-1].Duration <= e.Time {
				s = s[:len(s)-1]
			}
			if n := len(s); n > 0 && (s[n-1].Time+s[n-1].Duration < end || s[n-1].Time > e.Time || s[n-1].Category == "state") {
				t.Fatalf("%s: %+v is not nested in %+v", names[e.Thread], e, s[n-1])
			}
			stack[e.Thread] = append(s, e)
			if e.Time < last["X"] {
				t.Fatalf("%+v starts before the slice in front of it", e)
			}
			last["X"] = e.Time
		case "C":
			if v := e.Args["beats per cycle"].(float64); e.Time < last[e.Name] || v < 0 || v > 1 {
				t.Fatalf("counter %+v", e)
			}
			last[e.Name] = e.Time
		case "i":
		default:
			t.Fatalf("unknown phase in %+v", e)
		}
	}
	for k, name := range trackNames {
		if names[k+1] != name || name == "" {
			t.Errorf("track %d is called %q, want %q", k+1, names[k+1], name)
		}
	}
	for _, name := range beatNames {
		if last[name] != cycles {
			t.Errorf("counter %q ends at %d, not at %d", name, last[name], cycles)
		}
	}
}

// covered sums the lengths of the slices of a track by category.
func (d drawn) covered(k track, category string) (cycles uint64, n int) {
	for _, e := range d.TraceEvents {
		if e.Phase == "X" && e.Thread == int(k)+1 && e.Category == category {
			cycles, n = cycles+e.Duration, n+1
		}
	}
	return cycles, n
}

// TestTraceFile runs a network and compares the trace with the counters of the
// same run: the array multiplies for as many cycles as the PMU says.
func TestTraceFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace.json")
	r := parse(t, mustRun(t, codeDone, "run", tiny, "--input", tinyInput, "--trace", file, "--format", "json").out)
	d := readTrace(t, file)
	cycles := uint64(r["cycles"].(float64))
	checkTrace(t, d, cycles)
	if d.OtherData.Cycles != cycles || len(d.OtherData.Notes) != 0 {
		t.Errorf("the trace says %+v, the run took %d cycles", d.OtherData, cycles)
	}
	pmu := r["pmu"].(map[string]any)
	for name, event := range map[string]string{"multiply": "mac_active", "scale": "ao_active", "stall: block dependency": "cc_stalled_on_blockdep"} {
		sum := uint64(0)
		for _, e := range d.TraceEvents {
			if e.Phase == "X" && e.Name == name {
				sum += e.Duration
			}
		}
		if sum != uint64(pmu[event].(float64)) {
			t.Errorf("%q is drawn for %d cycles, %v happened", name, sum, pmu[event])
		}
	}
	if got, _ := d.covered(trackCC, "state"); got != cycles {
		t.Errorf("the control is drawn for %d of %d cycles", got, cycles)
	}
	banks := 0
	for k := trackBank0; k <= trackBank3; k++ {
		_, n := d.covered(k, "operation")
		banks += n
	}
	kernels := 0
	for _, op := range r["operations"].([]any) {
		if op.(map[string]any)["kind"] != "dma" {
			kernels++
		}
	}
	if _, n := d.covered(trackM2M, "operation"); banks != kernels || n != len(r["operations"].([]any))-kernels {
		t.Errorf("%d kernel operations and %d transfers are drawn, %d operations were run", banks, n, len(r["operations"].([]any)))
	}
}

// TestTraceOfVela draws streams with tables, many operations and, in a mixed
// graph, several programs one after the other.
func TestTraceOfVela(t *testing.T) {
	for _, name := range []string{"ops/softmax_int8", "keyword_scrambled_8bit"} {
		file := filepath.Join(t.TempDir(), "trace.json")
		r := parse(t, mustRun(t, codeDone, "run", shared(t, "vela", "ethos-u55-128", name+"_vela.tflite"), "--trace", file, "--format", "json").out)
		d := readTrace(t, file)
		checkTrace(t, d, uint64(r["cycles"].(float64)))
		labels := map[any]string{}
		for _, e := range d.TraceEvents {
			if e.Phase == "X" && e.Category == "operation" {
				labels[e.Args["operation"]] = e.Name
			}
		}
		for _, op := range r["operations"].([]any) {
			op := op.(map[string]any)
			if label := fmt.Sprintf("%s %s", op["kind"], op["name"]); op["kind"] != "cpu" && labels[op["index"]] != label {
				t.Errorf("%s: operation %v %q is drawn as %q", name, op["index"], label, labels[op["index"]])
			}
		}
	}
}

// TestTraceBounds fills a tracer beyond its bounds: it stops to keep states, says
// so, and the counters join their windows.
func TestTraceBounds(t *testing.T) {
	m := new(npu.Machine)
	tr := &tracer{names: []string{"conv x"}, m: m}
	for i := range tr.state {
		tr.state[i], tr.ops[i] = open{op: nobody}, open{op: nobody}
	}
	tr.beats.begin(m)
	const cycles = maxDetail + 5000
	for i := range uint64(cycles) {
		tr.at = i
		tr.show(trackMAC, [2]string{"multiply", "stall: input"}[i&1], 0)
		m.Events[npu.EvAXIReadBeat]++
		tr.beats.step(m, i+1)
	}
	m.S.Bus.Cycle = cycles
	tr.finish()
	if len(tr.slices) != maxDetail || tr.cutDetail != maxDetail || len(tr.notes()) != 1 {
		t.Errorf("%d slices, cut at %d, notes %q", len(tr.slices), tr.cutDetail, tr.notes())
	}
	if n := len(tr.beats.samples); n >= maxSamples || uint64(n+1)*tr.beats.window < cycles {
		t.Errorf("%d windows of %d cycles for %d", n, tr.beats.window, cycles)
	}
	sum := tr.beats.sum[0]
	for _, s := range tr.beats.samples {
		sum += s[0]
	}
	if sum != cycles {
		t.Errorf("the windows hold %d beats of %d", sum, cycles)
	}
	file := filepath.Join(t.TempDir(), "trace.json")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.write(f, "u55-128"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	d := readTrace(t, file)
	checkTrace(t, d, cycles)
	if len(d.OtherData.Notes) != 1 {
		t.Errorf("the file says %q", d.OtherData.Notes)
	}
}
