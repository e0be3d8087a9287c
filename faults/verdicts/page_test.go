package verdicts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The part is put in the place of the old one, and nowhere else.
func TestRewrite(t *testing.T) {
	page, err := Rewrite([]byte("# A\n\ntext\n"+title+"old\n"), title+"new\n")
	if want := "# A\n\ntext\n" + title + "new\n"; err != nil || string(page) != want {
		t.Errorf("%q, %v", page, err)
	}
	if _, err := Rewrite([]byte("# A\n"), "new"); err == nil || !strings.Contains(err.Error(), "faults/exhaustive/generate") {
		t.Errorf("a page without the part: %v", err)
	}
}

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
		t.Errorf("docs/validation.md does not end with what %s gives: go run ./faults/verdicts/generate -keep", File)
	}
}
