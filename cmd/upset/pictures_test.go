package main

import (
	"bytes"
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
