package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A picture gives what the raw tensor of the same picture gives, alone and in a campaign
// that is reported and resumed.
func TestPicturesAreInputs(t *testing.T) {
	raw := readTestFile(t, tinyInput)
	m := image.NewGray(image.Rect(0, 0, 7, 7))
	for i, x := range raw {
		m.Pix[i] = x + 128 // the input covers 0 to 1 with the zero point −128
	}
	dir := t.TempDir()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "a.png")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	outputs := func(args ...string) any {
		t.Helper()
		return parse(t, mustRun(t, codeDone, append([]string{"run", tiny, "--format", "json", "--input"}, args...)...).out)["outputs"].([]any)[0].(map[string]any)["sha256"]
	}
	want := outputs(tinyInput)
	if got := outputs(file); got != want {
		t.Errorf("the picture gives %v, its bytes %v", got, want)
	}
	if got := outputs(file, "--image-scale", "mean:0,std:255"); got != want {
		t.Errorf("with a declared scaling it gives %v, its bytes %v", got, want)
	}
	if got := outputs(file, "--image-scale", "-1..1"); got == want {
		t.Error("the declared scaling is not used")
	}
	if o := mustRun(t, codeUsage, "run", tiny, "--input", file, "--image-scale", "light"); !strings.Contains(o.errors, "--image-scale") {
		t.Errorf("%s", o.errors)
	}
	out := filepath.Join(t.TempDir(), "campaign")
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", dir, "--image-scale", "0..1", "--injections", "100", "--out", out)
	mustRun(t, codeDone, "inject", "--record", out+":3")
	mustRun(t, codeDone, "campaign", "resume", out)
}

// wavFile is sound of 16-bit samples.
func wavFile(t *testing.T, rate, samples int) string {
	t.Helper()
	le := binary.LittleEndian
	b := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00"), 1, 0, 1, 0)
	b = le.AppendUint32(le.AppendUint32(b, uint32(rate)), uint32(2*rate))
	b = le.AppendUint32(append(b, "\x02\x00\x10\x00data"...), uint32(2*samples))
	for i := range samples {
		b = le.AppendUint16(b, uint16(i*977))
	}
	file := filepath.Join(t.TempDir(), "a.wav")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Sound whose rate nothing vouches for is a warning, and of another rate than declared an
// error; the declaration stays with a campaign.
func TestSoundHasItsRate(t *testing.T) {
	model, file := shared(t, "models", "ad01_int8.tflite"), wavFile(t, 16000, 640)
	warned := func(o outcome) bool { return strings.Contains(o.errors, "16000 samples per second") }
	line := []string{"run", model, "--input", file, "--format", "json"}
	if o := mustRun(t, codeDone, line...); !warned(o) || !strings.Contains(o.out, `"sample_rate"`) {
		t.Errorf("%s", o.errors)
	}
	if o := mustRun(t, codeDone, append(line, "--rate", "16000")...); warned(o) || strings.Contains(o.out, `"sample_rate"`) {
		t.Errorf("%s", o.errors)
	}
	if o := mustRun(t, codeUsage, append(line, "--rate", "8000")...); !strings.Contains(o.errors, "the network takes 8000") {
		t.Errorf("%s", o.errors)
	}
	for _, rate := range []string{"0", "-1", "4294967296"} {
		if o := mustRun(t, codeUsage, append(line, "--rate="+rate)...); !strings.Contains(o.errors, "--rate") {
			t.Errorf("%s: %s", rate, o.errors)
		}
	}
	out, dir := filepath.Join(t.TempDir(), "campaign"), filepath.Dir(file)
	if o := mustRun(t, codeDone, "campaign", "run", model, "--inputs", dir, "--rate", "16000", "--injections", "40", "--out", out); warned(o) {
		t.Errorf("%s", o.errors)
	}
	if o := mustRun(t, codeDone, "inject", "--record", out+":3"); warned(o) {
		t.Errorf("the campaign forgets its rate: %s", o.errors)
	}
	if o := mustRun(t, codeUsage, "campaign", "run", model, "--inputs", dir, "--rate", "44100", "--injections", "40"); !strings.Contains(o.errors, "44100") {
		t.Errorf("%s", o.errors)
	}
}

// A sweep reads pictures as a campaign does: as its flags say, or its file for a network.
func TestSweepReadsPictures(t *testing.T) {
	model, err := filepath.Abs(tiny)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	m := image.NewGray(image.Rect(0, 0, 14, 14))
	for i := range m.Pix {
		m.Pix[i] = byte(i * 31)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	pictures := filepath.Join(dir, "pictures")
	if err := os.Mkdir(pictures, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pictures, "a.png"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	sweep := func(code int, more string, flags ...string) string {
		t.Helper()
		file := filepath.Join(dir, "sweep.yaml")
		if err := os.WriteFile(file, []byte("networks: [{model: "+model+", inputs: "+pictures+more+"}]\ninjections: 40\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		o := mustRun(t, code, append([]string{"sweep", file, "--format", "json", "--out", t.TempDir()}, flags...)...)
		if code != codeDone {
			return o.errors
		}
		return parse(t, o.out)["rows"].([]any)[0].(map[string]any)["result_digest"].(string)
	}
	if e := sweep(codeUsage, ""); !strings.Contains(e, "--resize") {
		t.Errorf("%s", e)
	}
	flagged := sweep(codeDone, "", "--resize", "--image-scale", "-1..1")
	if filed := sweep(codeDone, ", resize: true, image-scale: -1..1"); filed != flagged {
		t.Errorf("the flags give %s, the file %s", flagged, filed)
	}
	if other := sweep(codeDone, ", image-scale: 0..1", "--resize", "--image-scale", "-1..1"); other == flagged {
		t.Error("the scaling of the file does not go before the flag")
	}
	if e := sweep(codeUsage, ", image-scale: light"); !strings.Contains(e, "image-scale") {
		t.Errorf("%s", e)
	}
	if e := sweep(codeUsage, ", rate: 4294967296"); !strings.Contains(e, "rate") {
		t.Errorf("%s", e)
	}
}
