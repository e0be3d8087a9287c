package planted

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// docs/validation.md ends with what the stored verdicts give.
func TestPageIsOfItsResults(t *testing.T) {
	root := filepath.Join("..", "..")
	results, err := Read(filepath.Join(root, filepath.FromSlash(File)))
	if err != nil {
		t.Fatal(err)
	}
	want, err := Page(results)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "validation.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(page), want) {
		t.Errorf("docs/validation.md does not end with what %s gives: go run ./faults/exhaustive/generate -keep", File)
	}
}
