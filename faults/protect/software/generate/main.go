// Command generate writes the tables of docs/software.md from the results in
// docs/software, each of which is software.json from the folder of the command that it
// names. Run it from the project's root, after a measurement with the folders that hold
// new results, made with the present program:
//
//	go run ./faults/protect/software/generate [FOLDER...]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"upset/faults/protect/software"
	"upset/faults/provenance"
	"upset/stats/result"
)

// Where the page is, where its results are, and what the tables begin with.
const (
	page    = "docs/software.md"
	results = "docs/software"
)

func main() {
	err := error(nil)
	if len(os.Args) > 1 {
		err = take(os.Args[1:])
	}
	if err == nil {
		err = run(".")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// stored is a result with what it was measured with.
type stored struct {
	provenance.Made
	result.Software
}

// take stores the results of folders, as measured with the present program.
func take(folders []string) error {
	made, err := provenance.Now(context.Background())
	if err != nil {
		return err
	}
	for _, folder := range folders {
		s := stored{Made: made.Unguarded()}
		data, err := os.ReadFile(filepath.Join(folder, "software.json"))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, &s.Software); err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
		if data, err = json.MarshalIndent(s, "", "  "); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(filepath.FromSlash(results), s.Model+".json"), append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// run writes the page of a checkout.
func run(root string) error {
	text, err := write(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, filepath.FromSlash(page)), text, 0o644)
}

// write is the page with the tables of the stored results.
func write(root string) ([]byte, error) {
	old, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(results), "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	list := make([]result.Software, len(files))
	var made provenance.Made
	for i, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var s stored
		if err := json.Unmarshal(data, &s); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		if i > 0 && s.Made != made {
			return nil, fmt.Errorf("%s was measured at revision %s, others at %s: measure all of them with one program", f, s.Revision, made.Revision)
		}
		list[i], made = s.Software, s.Made
	}
	text, err := software.Tables(old, list)
	if err != nil {
		return nil, err
	}
	for _, m := range provenance.Lines(text) { // of the measurement before
		text = bytes.Replace(text, []byte(m.Line()+"\n\n"), nil, 1)
	}
	return provenance.Stamp(text, made)
}
