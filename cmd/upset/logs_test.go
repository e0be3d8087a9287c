package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"upset/faults/campaign"
)

// readers are the commands that read a stored campaign, with DIR for its folder.
var readers = []string{
	"report DIR", "gate DIR --baseline DIR", "compare DIR DIR", "protect DIR", "protect DIR DIR", "inject --record DIR:5",
}

// refused checks that every reader refuses a campaign with one line that holds the words.
func refused(t *testing.T, dir string, words ...string) {
	t.Helper()
	for _, line := range readers {
		o := mustRun(t, codeUsage, strings.Fields(strings.ReplaceAll(line, "DIR", dir))...)
		text := complaint(o.errors)
		if strings.Count(text, "\n") != 1 || o.out != "" {
			t.Errorf("%s: not one line:\n%s%s", line, o.errors, o.out)
		}
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("%s: lacks %q: %s", line, w, text)
			}
		}
	}
}

// A flipped bit in the middle of a finished campaign: all commands agree that it is
// damaged, and resuming gives the campaign as it was.
func TestDamagedCampaign(t *testing.T) {
	dir := t.TempDir()
	want := tinyCampaign(t, dir)["result_digest"]
	name := filepath.Join(dir, "records.log")
	log := readTestFile(t, name)
	log[len(log)/2] ^= 4
	if err := os.WriteFile(name, log, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, "damaged", "upset campaign resume "+dir)
	text := mustRun(t, codeDone, "campaign", "status", dir).out
	if !strings.Contains(text, "damaged: bytes ") || !strings.Contains(text, "upset campaign resume "+dir) || strings.Contains(text, "complete") {
		t.Errorf("status: %s", text)
	}
	s := parse(t, mustRun(t, codeDone, "campaign", "status", dir, "--format", "json").out)
	missing := s["missing"].(float64)
	if s["damaged"] != true || s["complete"] != false || missing < 1 || missing+s["done"].(float64) != 600 {
		t.Errorf("status: %v", s)
	}
	o := mustRun(t, codeDone, "campaign", "resume", dir, "--format", "json")
	if r := parse(t, o.out); r["result_digest"] != want || r["injections"] != 600.0 {
		t.Errorf("resumed: %v injections, digest %v, want %v", r["injections"], r["result_digest"], want)
	}
	s = parse(t, mustRun(t, codeDone, "campaign", "status", dir, "--format", "json").out)
	if s["damaged"] != false || s["complete"] != true || s["missing"] != 0.0 {
		t.Errorf("status after the repair: %v", s)
	}
	if o := invoke("gate", dir, "--baseline", dir); o.code != codeDone && o.code != codeNotMet { // few injections show little
		t.Errorf("gate: exit %d: %s", o.code, o.errors)
	}
}

// A log of another version is refused by all, with the command that makes a new one.
func TestLogOfAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	body := `{"format":1,"build":{"revision":"abc"},"note":{"command":"upset campaign run old.tflite"}}`
	frame := append(binary.LittleEndian.AppendUint32([]byte{'H'}, uint32(len(body))), body...)
	frame = binary.LittleEndian.AppendUint32(frame, crc32.Checksum(frame, crc32.MakeTable(crc32.Castagnoli)))
	if err := os.WriteFile(filepath.Join(dir, "records.log"), append([]byte("upset records 1\n"), frame...), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, "another version", "abc", "new folder: upset campaign run old.tflite")
	for _, c := range []string{"campaign status", "campaign resume"} {
		o := mustRun(t, codeUsage, append(strings.Fields(c), dir)...)
		if !strings.Contains(o.errors, "another version") {
			t.Errorf("%s: %s", c, o.errors)
		}
	}
}

// copyFile copies a file of the tests.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if err := os.WriteFile(to, readTestFile(t, from), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A model and folders whose names are no UTF-8 give a campaign that every command takes.
func TestNamesThatAreNoUTF8(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d\xe9p\xf4t")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Skipf("the file system takes no such name: %v", err)
	}
	model, inventory, inputs := filepath.Join(dir, "mod\xe8le.tflite"), filepath.Join(dir, "inv\xe8.yaml"), filepath.Join(dir, "entr\xe9es")
	copyFile(t, tiny, model)
	if err := os.Rename(fewInputs(t), inputs); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(inventory, []byte("blocks: {cc: {flops: 9000}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "r\xe9sultat")
	r := parse(t, mustRun(t, codeDone, "campaign", "run", model, "--inputs", inputs, "--inventory", inventory, "--injections", "300", "--out", out, "--format", "json").out)
	if r["model"] != `mod\xE8le` {
		t.Errorf("model %q", r["model"])
	}
	if want := `$'` + filepath.Dir(filepath.Dir(model)); !strings.Contains(r["command"].(string), want) || !strings.Contains(r["command"].(string), `mod\xE8le.tflite'`) {
		t.Errorf("the command cannot be typed again: %s", r["command"])
	}
	// An unfinished one can be resumed: all paths come back.
	name := filepath.Join(out, "records.log")
	if err := os.Truncate(name, int64(len(readTestFile(t, name))-200)); err != nil {
		t.Fatal(err)
	}
	o := parse(t, mustRun(t, codeDone, "campaign", "resume", out, "--format", "json").out)
	if o["result_digest"] != r["result_digest"] {
		t.Errorf("digest %v, want %v", o["result_digest"], r["result_digest"])
	}
	for _, c := range [][]string{
		{"campaign", "status", out}, {"report", out}, {"report", out, "--format", "html"}, {"compare", out, out}, {"gate", out, "--baseline", out, "--margin", "1000"}, {"inject", "--record", out + ":5"},
	} {
		mustRun(t, codeDone, c...)
	}
	// What must be found again as it is cannot be made plain.
	bad := mustRun(t, codeUsage, "campaign", "run", model, "--inputs", inputs, "--only", "mac.*,\xe8*", "--injections", "300", "--out", filepath.Join(dir, "x"))
	if text := complaint(bad.errors); !strings.Contains(text, "not UTF-8: rename it") || strings.Contains(bad.errors, "fault-free run") {
		t.Errorf("%s", bad.errors)
	}
	if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
		t.Error("a refused campaign leaves a folder")
	}
}

// A changed model or input is named before anything runs, by all that need them.
func TestChangedSinceTheCampaign(t *testing.T) {
	dir, inputs := t.TempDir(), fewInputs(t)
	model := filepath.Join(t.TempDir(), "net.tflite")
	copyFile(t, tiny, model)
	inventory := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(inventory, []byte("blocks: {cc: {flops: 9000}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, codeDone, "campaign", "run", model, "--inputs", inputs, "--injections", "300", "--inventory", inventory, "--out", dir)
	check := func(what string, words ...string) {
		t.Helper()
		for _, c := range [][]string{{"campaign", "resume", dir}, {"inject", "--record", dir + ":5"}, {"protect", dir}} {
			o := mustRun(t, codeUsage, c...)
			if strings.Contains(o.errors, "fault-free run") || strings.Count(o.errors, "\n") != 1 {
				t.Errorf("%s, %v: %s", what, c, o.errors)
			}
			for _, w := range words {
				if !strings.Contains(o.errors, w) {
					t.Errorf("%s, %v: lacks %q: %s", what, c, w, o.errors)
				}
			}
		}
	}
	second := filepath.Join(inputs, "in_002.bin")
	was := readTestFile(t, second)
	now := bytes.Clone(was)
	now[17] ^= 1
	if err := os.WriteFile(second, now, 0o600); err != nil {
		t.Fatal(err)
	}
	check("an input", "in_002.bin (input 2)", inputs, "--inputs")
	if err := os.Remove(second); err != nil {
		t.Fatal(err)
	}
	check("a missing input", "has 3 inputs, the campaign has 4")
	if err := os.WriteFile(second, was, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(inventory, []byte("blocks: {cc: {flops: 9001}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check("the inventory", inventory)
	if err := os.WriteFile(inventory, []byte("blocks: {cc: {flops: 9000}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, codeDone, "inject", "--record", dir+":5")
	file := readTestFile(t, model)
	weights := bytes.LastIndex(file, trailing(t, file))
	file[weights] ^= 0x10
	if err := os.WriteFile(model, file, 0o600); err != nil {
		t.Fatal(err)
	}
	check("the model", model, "another model", "--model")
	copyFile(t, tiny, model)
	mustRun(t, codeDone, "campaign", "resume", dir)
}

// trailing is a stretch of a model's file that holds weights: the longest buffer of a
// TensorFlow Lite file without zeros in a row is one.
func trailing(t *testing.T, file []byte) []byte {
	t.Helper()
	for i := 0; i+64 < len(file); i++ {
		if bytes.Count(file[i:i+64], []byte{0}) == 0 {
			return file[i : i+64]
		}
	}
	t.Fatal("no weights found")
	return nil
}

// A second process fails at once, before its fault-free runs.
func TestLockComesFirst(t *testing.T) {
	dir, inputs := t.TempDir(), fewInputs(t)
	lock, err := campaign.TakeLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	run := []string{"campaign", "run", tiny, "--inputs", inputs, "--injections", "300", "--out", dir}
	busy := func(args ...string) {
		t.Helper()
		o := mustRun(t, codeFailed, args...)
		if !strings.Contains(o.errors, "another process") || strings.Contains(o.errors, "fault-free run") {
			t.Errorf("%v: %s", args, o.errors)
		}
	}
	busy(run...)
	busy(append([]string{"assess"}, run[2:]...)...)
	busy("campaign", "status", dir) // nothing is stored yet
	lock.Release()
	mustRun(t, codeDone, run...)
	if lock, err = campaign.TakeLock(dir); err != nil {
		t.Fatal(err)
	}
	busy("campaign", "resume", dir)
	if s := parse(t, mustRun(t, codeDone, "campaign", "status", dir, "--format", "json").out); s["running"] != true {
		t.Errorf("status %v", s)
	}
	// Another campaign is refused at once, too.
	lock.Release()
	o := mustRun(t, codeFailed, append(run, "--seed", "9")...)
	if !strings.Contains(o.errors, "another campaign") || !strings.Contains(o.errors, "seed 1, here 9") || strings.Contains(o.errors, "fault-free run") {
		t.Errorf("another seed: %s", o.errors)
	}
}

// killedCommand makes the test binary behave as the command.
const killedCommand = "UPSET_TEST_COMMAND"

// A process that is killed at any moment, while it repairs too, loses nothing that it had
// stored: resumed, the campaign has the same digest.
func TestKilledCampaign(t *testing.T) {
	inputs := fewInputs(t)
	args := []string{"campaign", "run", tiny, "--inputs", inputs, "--injections", "3000", "--workers", "1", "--format", "json"}
	want := parse(t, mustRun(t, codeDone, append(args, "--out", t.TempDir())...).out)["result_digest"]
	rng := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	killed := 0
	command := func(ctx context.Context, line []string) error {
		c := exec.CommandContext(ctx, os.Args[0], line...) // ends with SIGKILL
		c.Env = append(os.Environ(), killedCommand+"=1")
		return c.Run()
	}
	began := time.Now()
	if err := command(t.Context(), append(args, "--out", t.TempDir())); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(began) // of a process that nobody kills, on this machine
	for range 3 {
		dir := t.TempDir()
		done, flipped := 0.0, false
		for kills := 0; kills < 4; kills++ {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration((0.1+0.8*rng.Float64())*float64(whole)))
			line := append(args, "--out", dir)
			if kills > 0 && kills%2 == 0 {
				line = []string{"campaign", "resume", dir, "--workers", "1"}
			}
			err := command(ctx, line)
			late := ctx.Err() != nil
			cancel()
			if err != nil && late {
				killed++
			}
			o := invoke("campaign", "status", dir, "--format", "json")
			if o.code == codeUsage && strings.Contains(o.errors, "no campaign") {
				continue // killed before the first write
			}
			if o.code != codeDone {
				t.Fatalf("status after a kill: %s", o.errors)
			}
			s := parse(t, o.out)
			if s["damaged"] != false && !flipped || s["done"].(float64) < done {
				t.Fatalf("after a kill: %v, before %v records", s, done)
			}
			done = s["done"].(float64)
			if kills == 1 && done > 0 {
				flipRecord(t, filepath.Join(dir, "records.log"))
				done, flipped = 0, true
			}
		}
		if got := parse(t, mustRun(t, codeDone, append(args, "--out", dir)...).out)["result_digest"]; got != want {
			t.Errorf("killed and resumed: %v, want %v", got, want)
		}
	}
	if killed == 0 {
		t.Error("no process was killed")
	}
}

// flipRecord flips a bit of the middle of a log.
func flipRecord(t *testing.T, name string) {
	t.Helper()
	log := readTestFile(t, name)
	log[len(log)/2] ^= 1
	if err := os.WriteFile(name, log, 0o600); err != nil {
		t.Fatal(err)
	}
}
