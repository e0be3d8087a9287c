package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Parts of the page, which are written by hand.
var (
	//go:embed web/index.html
	indexHTML string
	//go:embed web/page.css
	pageCSS string
	//go:embed web/page.js
	pageJS string
	//go:embed web/story.js
	storyJS string
	//go:embed web/worker.js
	workerJS string
	//go:embed web/memfs.js
	memfsJS string
)

// builtIn are the networks that come with the page: the two that are small enough to wait
// for (our choice).
var builtIn = []string{"fashion-tiny", "fashion-nano"}

// models is the folder that they are in.
const models = "testdata/models"

// largest is what may travel, in bytes (our choice: a minute on a slow line).
const largest = 6_000_000

// page is the built page.
type page struct {
	html []byte
	wasm int // bytes of the engine
}

// build makes the page.
func build() (*page, error) {
	dir, err := os.MkdirTemp("", "page")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	wasm, err := link(dir)
	if err != nil {
		return nil, err
	}
	root, err := tool("env", "GOROOT")
	if err != nil {
		return nil, err
	}
	glue, err := os.ReadFile(filepath.Join(root, "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return nil, fmt.Errorf("the glue of Go for browsers: %w", err)
	}
	engine, err := compress(wasm)
	if err != nil {
		return nil, err
	}
	shipped, err := networks()
	if err != nil {
		return nil, err
	}
	if shipped, err = compress(shipped); err != nil {
		return nil, err
	}
	worker := memfsJS + "\n" + string(glue) + "\n" + workerJS
	if strings.Contains(worker, "</script") {
		return nil, errors.New("the worker's code holds the end of a script, which ends it in the page too")
	}
	text := strings.NewReplacer(
		"/*{page.css}*/", pageCSS,
		"/*{page.js}*/", storyJS+"\n"+pageJS,
		"{worker}", worker,
		"{engine}", base64.StdEncoding.EncodeToString(engine),
		"{networks}", base64.StdEncoding.EncodeToString(shipped),
	).Replace(indexHTML)
	p := &page{html: []byte(text), wasm: len(wasm)}
	if n, err := p.travels(); err != nil || n > largest {
		return nil, errors.Join(err, fmt.Errorf("the page has %d bytes compressed, more than %d", n, largest))
	}
	return p, nil
}

// buildApart builds the page into a new folder, which is the caller's to remove.
func buildApart() (p *page, dir string, err error) {
	if p, err = build(); err != nil {
		return nil, "", err
	}
	if dir, err = os.MkdirTemp("", "page"); err != nil {
		return nil, "", err
	}
	if err := p.write(dir); err != nil {
		return nil, "", errors.Join(err, os.RemoveAll(dir))
	}
	return p, dir, nil
}

// write writes the page into a folder, complete or not at all.
func (p *page) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".index")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone after the renaming
	if _, err = f.Write(p.html); err == nil {
		err = f.Chmod(0o644)
	}
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, "index.html"))
}

// travels is the size of the page as a static host sends it, compressed by gzip.
func (p *page) travels() (int, error) {
	small, err := compress(p.html)
	return len(small), err
}

func compress(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// shippedFile is a file that comes with the page.
type shippedFile struct {
	Path string `json:"path"`
	Data []byte `json:"data"` // base64 in JSON
}

// networks are the built-in networks with their inputs, as JSON by name.
func networks() ([]byte, error) {
	all := map[string][]shippedFile{}
	for _, name := range builtIn {
		files, err := filepath.Glob(filepath.Join(models, name+".inputs", "*"))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("no inputs of %s in %s: run it in the project's folder", name, models)
		}
		for _, f := range append([]string{filepath.Join(models, name+".tflite")}, files...) {
			data, err := os.ReadFile(f)
			if err != nil {
				return nil, err
			}
			path, err := filepath.Rel(models, f)
			if err != nil {
				return nil, err
			}
			all[name] = append(all[name], shippedFile{filepath.ToSlash(path), data})
		}
	}
	return json.Marshal(all)
}
