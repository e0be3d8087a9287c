package tasks

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"upset/models/selection"
)

// Every publication that the project began with is a task of the NPU or a named part of
// the program, and there is no other.
func TestEveryPublicationHasATask(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "titles.txt"))
	if err != nil {
		t.Fatal(err)
	}
	titles := strings.Split(strings.TrimSpace(string(text)), "\n")
	registry, err := All()
	if err != nil {
		t.Fatal(err)
	}
	onNPU := 0
	registered := map[string]*selection.Task{}
	for i := range registry {
		task := &registry[i]
		registered[task.Title] = task
		if task.Kind == selection.OnNPU {
			onNPU++
		}
		if !slices.Contains(titles, task.Title) {
			t.Errorf("task %s is of %q, which is not in the list", task.Name, task.Title)
		}
	}
	for _, title := range titles {
		if registered[title] == nil {
			t.Errorf("%q has neither a task nor a part of the program", title)
		}
	}
	if onNPU < 36 {
		t.Errorf("%d tasks of the NPU, want at least 36", onNPU)
	}
}

// The stored list is that of the document it was taken from, where that is at hand.
func TestTitlesAreThoseOfTheDocument(t *testing.T) {
	stored, err := os.ReadFile(filepath.Join("testdata", "titles.txt"))
	if err != nil {
		t.Fatal(err)
	}
	titles := strings.Split(strings.TrimSpace(string(stored)), "\n")
	if sorted := slices.Sorted(slices.Values(titles)); len(titles) != 49 || len(slices.Compact(sorted)) != 49 {
		t.Errorf("%d titles, want 49 different ones", len(titles))
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "docs", "selection.md"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^### ([^\d].*)$`).FindAllStringSubmatch(string(text), -1) {
		found = append(found, m[1])
	}
	if !slices.Equal(found, titles) {
		t.Errorf("the document has %d titles that are not those of testdata/titles.txt: %q", len(found), found)
	}
}
