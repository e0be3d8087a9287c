package own

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"upset/models/guest"
)

//go:embed example
var example embed.FS

// exampleFiles are the files of the example by what they are called in its folder.
var exampleFiles = []struct{ to, from string }{
	{"task.json", "task.json"}, {"small.tflite", "small.tflite"}, {"big.tflite", "big.tflite"}, {"rows/pictures.bin", "pictures.bin"},
	{"rule.go", "rule.go.txt"}, {"rule.wasm", "rule.wasm.gz"},
}

// New writes an example of a task into a folder that is empty or not there: two networks,
// a pool, the source of the rule and its module. It returns the names of the files.
func New(dir string) ([]string, error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty: give a new folder", dir)
	} else if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var names []string
	for _, f := range exampleFiles {
		b, err := example.ReadFile("example/" + f.from)
		if err != nil {
			return nil, err
		}
		if filepath.Ext(f.from) == ".gz" {
			if b, err = unpack(b); err != nil {
				return nil, err
			}
		}
		path := filepath.Join(dir, filepath.FromSlash(f.to))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			return nil, err
		}
		names = append(names, f.to)
	}
	return names, nil
}

func unpack(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, guest.MaxModule))
}
