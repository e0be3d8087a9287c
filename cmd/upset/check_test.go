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

// The command says what the network needs of the memories of the chosen system: about for
// a source, exactly for what was compiled, which then does not run where it has no room.
func TestCheckSaysWhatFits(t *testing.T) {
	if o := mustRun(t, codeDone, "check", tiny); !strings.Contains(o.out, "MEMORY") || !strings.Contains(o.out, "about 9") || !strings.Contains(o.out, "likely") {
		t.Errorf("%s", o.out)
	}
	o := mustRun(t, codeDone, "check", tiny, "--system", "deep-sram-only", "--format", "json")
	var r result.Check
	if err := json.Unmarshal([]byte(o.out), &r); err != nil || len(r.Memory) != 1 || r.Memory[0].Memory != "sram" || r.Memory[0].Holds != "arena, weights and commands" || !r.Memory[0].About {
		t.Errorf("%+v, %v", r.Memory, err)
	}
	file := shared(t, "zoo", "vela", "tensorflow-person_detect_vela-u55-256.tflite")
	if o := mustRun(t, codeDone, "check", file, "--format", "csv"); !strings.Contains(o.out, "memory,") || !strings.Contains(o.out, ",true\n") || strings.Contains(o.out, "about 2") {
		t.Errorf("%s", o.out)
	}
	system := filepath.Join(t.TempDir(), "board.yaml")
	if err := os.WriteFile(system, []byte("flash: {size: 4096}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := mustRun(t, codeUsage, "check", file, "--system", system); !strings.Contains(o.out, "cannot run") || !strings.Contains(o.out, "4,096  no") {
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
