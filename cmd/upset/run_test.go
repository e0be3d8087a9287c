package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/faults"
	"upset/faults/convergence"
	"upset/models/inputs"
	"upset/models/npy"
	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu/isa"
)

// shared returns a path in the data folder beside the project.
func shared(t *testing.T, elem ...string) string {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	return filepath.Join(append([]string{root}, elem...)...)
}

func readTestFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Every configuration must give the output of the reference interpreter, and its
// table must add up.
func TestRun(t *testing.T) {
	m, err := tflite.Parse(readTestFile(t, tiny))
	if err != nil {
		t.Fatal(err)
	}
	input := readTestFile(t, tinyInput)
	want, err := reference.Run(m, [][]byte{input})
	if err != nil {
		t.Fatal(err)
	}
	digests := map[any]bool{}
	for _, c := range isa.Configs {
		dir := filepath.Join(t.TempDir(), "new", "folder")
		o := mustRun(t, codeDone, "run", tiny, "--npu", c.String(), "--input", tinyInput, "--output-dir", dir, "--format", "json")
		if o.errors != "" {
			t.Errorf("%s: stderr: %s", c, o.errors)
		}
		if got := readTestFile(t, filepath.Join(dir, "output.bin")); !bytes.Equal(got, want[0]) {
			t.Errorf("%s: output is %x, the reference %x", c, got, want[0])
		}
		a, err := npy.Parse(readTestFile(t, filepath.Join(dir, "dense1.npy")))
		if err != nil || !bytes.Equal(a.Data, want[0]) || a.Descr != "|i1" {
			t.Errorf("%s: dense1.npy: %+v, %v", c, a, err)
		}
		r := parse(t, o.out)
		cycles, macs := 0.0, 0.0
		for _, op := range r["operations"].([]any) {
			op := op.(map[string]any)
			cycles, macs = cycles+op["cycles"].(float64), macs+op["macs"].(float64)
			if u := op["utilisation"].(float64); u < 0 || u > 1 {
				t.Errorf("%s: %v has utilisation %v", c, op["name"], u)
			}
		}
		if r["cycles"] != cycles || cycles < 100 || r["macs"] != macs || macs != 208 || r["npu"] != c.String() || r["model"] != "fashion-tiny" {
			t.Errorf("%s: cycles %v (sum %v), MACs %v (sum %v)", c, r["cycles"], cycles, r["macs"], macs)
		}
		pmu := r["pmu"].(map[string]any)
		if pmu["npu_active"] != cycles || pmu["mac_active"].(float64) <= 0 {
			t.Errorf("%s: PMU %v", c, pmu)
		}
		digests[r["state_digest"]] = true
	}
	if len(digests) != len(isa.Configs) {
		t.Errorf("state digests of %d configurations: %v", len(isa.Configs), digests)
	}
}

// The digest covers the state: equal for equal inputs, different for others.
func TestStateDigest(t *testing.T) {
	digest := func(args ...string) any {
		return parse(t, mustRun(t, codeDone, append([]string{"run", tiny, "--format", "json"}, args...)...).out)["state_digest"]
	}
	a, b, c := digest("--input", tinyInput), digest("--input", tinyInput), digest()
	if a != b || a == c || len(a.(string)) != 64 {
		t.Errorf("digests %v, %v, without input %v", a, b, c)
	}
}

func TestRunInputForms(t *testing.T) {
	dir := t.TempDir()
	raw := readTestFile(t, tinyInput)
	var npy bytes.Buffer
	if err := inputs.WriteNPY(&npy, tflite.Int8, []int{7, 7}, raw); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "in.npy")
	if err := os.WriteFile(file, npy.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	outputs := func(o outcome) any { return parse(t, o.out)["outputs"].([]any)[0].(map[string]any)["sha256"] }
	a := outputs(mustRun(t, codeDone, "run", tiny, "--format", "json", "--input", tinyInput))
	if b := outputs(mustRun(t, codeDone, "run", tiny, "--format", "json", "--input", file)); a != b {
		t.Errorf(".bin gives %v, .npy %v", a, b)
	}
	var out, errs bytes.Buffer
	code := run([]string{"upset", "run", tiny, "--format", "json", "--input", "-"}, bytes.NewReader(raw), &out, &errs)
	if code != codeDone || outputs(outcome{out: out.String()}) != a {
		t.Errorf("from stdin: exit %d, %s", code, errs.String())
	}
	zero := mustRun(t, codeDone, "run", tiny, "--format", "json")
	if !strings.Contains(zero.errors, "zero") || parse(t, zero.out)["input"] != "zero" {
		t.Errorf("a run without input says: %s", zero.errors)
	}
}

// Slower memory must cost cycles and change no output.
func TestRunSystem(t *testing.T) {
	file := filepath.Join(t.TempDir(), "slow.yaml")
	if err := os.WriteFile(file, []byte("sram: {read_latency: 500}\nflash:\n  beat_interval: 40\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fast := parse(t, mustRun(t, codeDone, "run", tiny, "--format", "json").out)
	slow := parse(t, mustRun(t, codeDone, "run", tiny, "--format", "json", "--system", file).out)
	if slow["cycles"].(float64) <= 2*fast["cycles"].(float64) {
		t.Errorf("%v cycles on slow memory, %v on fast", slow["cycles"], fast["cycles"])
	}
	sum := func(r map[string]any) any { return r["outputs"].([]any)[0].(map[string]any)["sha256"] }
	if sum(slow) != sum(fast) {
		t.Error("the timing of the memory changes the output")
	}
}

func TestRunTrace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace.csv")
	mustRun(t, codeDone, "run", tiny, "--trace", file)
	lines := strings.Split(strings.TrimSpace(string(readTestFile(t, file))), "\n")
	if len(lines) < 5 || !strings.HasSuffix(lines[1], ",conv,conv0") || !strings.HasSuffix(lines[len(lines)-1], ",conv,dense1") || !strings.Contains(lines[len(lines)-1], ",retire,") {
		t.Errorf("trace:\n%s", strings.Join(lines, "\n"))
	}
}

// A Vela stream runs as it is and gives the golden output; another configuration
// is refused with both names.
func TestRunVela(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"hello_world_int8", "keyword_scrambled_8bit"} {
		model := shared(t, "vela", "ethos-u55-128", name+"_vela.tflite")
		mustRun(t, codeDone, "run", model, "--input", shared(t, "golden", name, "in_02.bin"), "--output-dir", dir)
		if got, want := readTestFile(t, filepath.Join(dir, "output.bin")), readTestFile(t, shared(t, "golden", name, "out_02.bin")); !bytes.Equal(got, want) {
			t.Errorf("%s: output %x, golden %x", name, got, want)
		}
		o := mustRun(t, codeUsage, "run", "--npu", "u55-64", model)
		if !strings.Contains(o.errors, "u55-128") || !strings.Contains(o.errors, "u55-64") {
			t.Errorf("the refusal does not name both: %s", o.errors)
		}
	}
}

func TestSites(t *testing.T) {
	r := parse(t, mustRun(t, codeDone, "sites", tiny, "--format", "json", "--npu", "u55-64", "--ecc", "none").out)
	flops, sram, area := 0.0, 0.0, 0.0
	for _, b := range r["blocks"].([]any) {
		b := b.(map[string]any)
		flops, sram, area = flops+b["flops"].(float64), sram+b["sram_bits"].(float64), area+b["area_ge"].(float64)
		bits := 0.0
		for _, reg := range b["registers"].([]any) {
			bits += reg.(map[string]any)["bits"].(float64)
		}
		if bits != b["flops"].(float64)+b["sram_bits"].(float64) {
			t.Errorf("block %v: registers of %v bits, %v flops and %v SRAM bits", b["block"], bits, b["flops"], b["sram_bits"])
		}
	}
	if r["flops"] != flops || r["sram_bits"] != sram || sram != 16*1024*8 || r["area_ge"] != area {
		t.Errorf("totals %v flops %v SRAM bits %v GE, sums %v %v %v", r["flops"], r["sram_bits"], r["area_ge"], flops, sram, area)
	}
	if r["total_sites"] != (flops+sram)*r["cycles"].(float64) {
		t.Errorf("%v sites in %v cycles", r["total_sites"], r["cycles"])
	}
}

func TestInject(t *testing.T) {
	args := []string{"inject", tiny, "--site", "cc.bank1.ofm_width_m1.0@864", "--format", "json"}
	r := parse(t, mustRun(t, codeDone, args...).out)
	if r["site"] != "cc.bank1.ofm_width_m1.0" || r["cycle"] != 864.0 || r["block"] != "cc" || r["class"] != "config" || r["before"] == r["after"] {
		t.Errorf("story of %v: %v", args, r)
	}
	text := mustRun(t, codeDone, "inject", tiny).out
	if !strings.Contains(text, "outcome   sdc_critical") || !strings.Contains(text, "--site ") {
		t.Errorf("no interesting fault was found:\n%s", text)
	}
	if again := mustRun(t, codeDone, "inject", tiny).out; again != text {
		t.Errorf("a second call tells another story:\n%s", again)
	}
}

// A record of a campaign is repeated with the same outcome.
func TestInjectRecord(t *testing.T) {
	dir := t.TempDir()
	tinyCampaign(t, dir, "--sites", "flops")
	for _, i := range []string{"0", "123", "599"} {
		r := parse(t, mustRun(t, codeDone, "inject", "--record", dir+":"+i, "--format", "json").out)
		if r["model"] != "fashion-tiny" || r["outcome"] == "" {
			t.Errorf("record %s: %v", i, r)
		}
	}
	for _, bad := range []string{dir, dir + ":600", dir + ":-1", dir + ":x", "absent:0"} {
		mustRun(t, codeUsage, "inject", "--record", bad)
	}
	mustRun(t, codeUsage, "inject", "--record", dir+":1", "--site", "mac.acc[0].1@3")
	other := "../../testdata/models/fashion-dscnn.tflite"
	if o := invoke("inject", "--record", dir+":1", other); o.code == codeDone {
		t.Error("another model repeats the record")
	}
}

func TestValidateEngine(t *testing.T) {
	r := parse(t, mustRun(t, codeDone, "validate", "engine", tiny, "--samples", "300", "--inputs", fewInputs(t), "--format", "json").out)
	if r["samples"] != 300.0 || r["differences"] != 0.0 || r["simulated"].(float64)+r["pruned"].(float64) != 300 ||
		r["plain_cycles"].(float64) < 300*r["golden_cycles"].(float64)/2 {
		t.Errorf("%v", r)
	}
	least := map[string]float64{convergence.Pruned: 75, convergence.Control: 75, convergence.Weights: 45, convergence.All: 300}
	for _, c := range r["categories"].([]any) {
		c := c.(map[string]any)
		n, name := c["n"].(float64), c["name"].(string)
		if n < least[name] || n >= 3 && c["upper"] != 3/n {
			t.Errorf("category %v", c)
		}
		delete(least, name)
	}
	if len(least) > 0 {
		t.Errorf("missing categories: %v", least)
	}
	mustRun(t, codeUsage, "validate", "engine", tiny, "--samples", "0")
	mustRun(t, codeUsage, "validate", "engine", tiny, "--npu", "all", "--samples", "3")
	mustRun(t, codeUsage, "validate")
}

// All configurations in one call; the result does not depend on the workers.
func TestValidateSeveral(t *testing.T) {
	args := []string{"validate", "engine", tiny, "--npu", "all", "--samples", "42", "--inputs", fewInputs(t), "--format", "json"}
	one := mustRun(t, codeDone, append(args, "--workers", "1")...).out
	if three := mustRun(t, codeDone, append(args, "--workers", "3")...).out; one != three {
		t.Errorf("1 worker:\n%s\n3 workers:\n%s", one, three)
	}
	r := parse(t, one)
	runs, sum := r["runs"].([]any), 0.0
	for _, run := range runs {
		sum += run.(map[string]any)["samples"].(float64)
	}
	if len(runs) != len(isa.Configs) || sum != 42 || r["samples"] != 42.0 || r["npu"] != "several" || r["model"] != "fashion-tiny" {
		t.Errorf("%v", r)
	}
}

// The comparison must tell records apart, and not by the path.
func TestSame(t *testing.T) {
	a := faults.Record{After: 1, Outcome: faults.SDCCritical, Path: faults.PathEnd, Output: 7, End: 100}
	for _, change := range []func(*faults.Record){
		func(r *faults.Record) { r.Before = 1 },
		func(r *faults.Record) { r.Outcome = faults.SDCTolerable },
		func(r *faults.Record) { r.Cause = faults.CauseStray },
		func(r *faults.Record) { r.Late = true },
		func(r *faults.Record) { r.Output = 8 },
		func(r *faults.Record) { r.End = 101 },
	} {
		b := a
		change(&b)
		if a.Same(b) {
			t.Errorf("%+v and %+v are not told apart", a, b)
		}
	}
	b := a
	b.Path = faults.PathHandOff
	if !a.Same(b) {
		t.Error("another path passes for another record")
	}
	if (faults.Record{Path: faults.PathDead}).Same(faults.Record{Outcome: faults.Latent}) {
		t.Error("a pruned record passes for a latent fault")
	}
}

// A flag that takes the model for its value is named.
func TestSwallowedModel(t *testing.T) {
	o := invoke("run", "--trace", tiny)
	if o.code != codeUsage || !strings.Contains(o.errors, "--trace took "+tiny) {
		t.Errorf("exit %d: %s", o.code, o.errors)
	}
}
