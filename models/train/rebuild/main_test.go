package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"upset/models/train"
	"upset/models/zoo"
)

// TestRebuildGivesTheShippedBytes trains anew and compares every file with the
// shipped one. fashion-tiny takes about a second; fashion-dscnn takes some
// four minutes and is retrained only with UPSET_TRAIN=1.
func TestRebuildGivesTheShippedBytes(t *testing.T) {
	if _, err := os.Stat(train.DefaultDataDir); err != nil {
		t.Skip("Debian package dataset-fashion-mnist is not installed")
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("the bytes of the shipped networks are pinned on amd64 only")
	}
	shipped, err := zoo.Dir()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range zoo.Networks() {
		if n.Name != "fashion-tiny" && os.Getenv("UPSET_TRAIN") != "1" {
			continue
		}
		t.Run(n.Name, func(t *testing.T) {
			dir := t.TempDir()
			var out strings.Builder
			if err := run([]string{"-only", n.Name, "-out", dir}, &out); err != nil {
				t.Fatal(err)
			}
			t.Log(out.String())
			compareFiles(t, n.ModelPath(dir), n.ModelPath(shipped))
			made, err := filepath.Glob(filepath.Join(n.InputsPath(dir), "*"))
			if err != nil || len(made) != shippedPictures+1 {
				t.Fatalf("%d files beside the model, error %v", len(made), err)
			}
			for _, path := range made {
				compareFiles(t, path, filepath.Join(n.InputsPath(shipped), filepath.Base(path)))
			}
		})
	}
}

func compareFiles(t *testing.T, got, want string) {
	t.Helper()
	a, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("%s: the rebuilt file differs from the shipped one", filepath.Base(want))
	}
}

func TestRunErrors(t *testing.T) {
	for name, args := range map[string][]string{
		"unknown network": {"-only", "nothing"},
		"no data":         {"-data", t.TempDir()},
	} {
		if err := run(args, &strings.Builder{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
