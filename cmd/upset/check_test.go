package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/stats/result"
)

// The command says what keeps a network from running, and every other command says the
// same before it begins.
func TestCheckIsTheErrorOfEveryCommand(t *testing.T) {
	file := shared(t, "cases", "ops", "custom.tflite")
	for _, format := range []string{"text", "json", "csv", "html"} {
		if o := mustRun(t, codeUsage, "check", file, "--format", format); !strings.Contains(o.out, "TFLite_Detection_PostProcess") || strings.Count(o.errors, "\n") != 1 {
			t.Errorf("%s: %s%s", format, o.out, o.errors)
		}
	}
	var r result.Check
	if err := json.Unmarshal([]byte(invoke("check", file, "--format", "json").out), &r); err != nil || r.Runs || r.Refused != 1 || len(r.Advice) == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, line := range [][]string{{"run"}, {"compile"}, {"disasm"}, {"inject"}, {"sites"}, {"campaign", "run"}, {"assess"}, {"validate", "engine"}} {
		o := mustRun(t, codeUsage, append(line, file)...)
		if !strings.Contains(o.errors, "TFLite_Detection_PostProcess") || !strings.Contains(o.errors, r.Advice[0].Remedy) || !strings.Contains(o.errors, "upset check ") {
			t.Errorf("%v: %s", line, o.errors)
		}
	}
}

func TestCheckOfWhatRuns(t *testing.T) {
	o := mustRun(t, codeDone, "check", tiny)
	if !strings.Contains(o.out, "can run") || o.errors != "" {
		t.Errorf("%s%s", o.out, o.errors)
	}
}

// A compiled file runs on the configuration that it was compiled for, unless another one
// is asked for.
func TestConfigurationOfACompiledFile(t *testing.T) {
	file := shared(t, "zoo", "vela", "edgeimpulse-keyword_spotting_dnn_medium_int8-model-u55-32.tflite")
	if o := mustRun(t, codeDone, "compile", file); !strings.Contains(o.out, "on u55-32") {
		t.Errorf("%s", o.out)
	}
	if o := mustRun(t, codeUsage, "compile", file, "--npu", "u55-64"); !strings.Contains(o.errors, "u55-32") || !strings.Contains(o.errors, "u55-64") {
		t.Errorf("%s", o.errors)
	}
}

func TestFolderIsNoModel(t *testing.T) {
	dir := t.TempDir()
	if o := mustRun(t, codeUsage, "check", dir); !strings.Contains(o.errors, "is a folder") {
		t.Errorf("%s", o.errors)
	}
	if err := os.WriteFile(filepath.Join(dir, "saved_model.pb"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := mustRun(t, codeUsage, "run", dir); !strings.Contains(o.errors, "SavedModel") {
		t.Errorf("%s", o.errors)
	}
}
