package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"
	"time"

	"upset/faults/provenance"
)

// document is docs/page.md without its figures.
//
//go:embed page.md.tmpl
var document string

// timed is a request, in the page and by a native build of the same program.
type timed struct {
	What         string
	Page, Native float64 // seconds of the processor
	Times        string  // the one over the other
}

// figures of the page.
type figures struct {
	HTML, Travels, WASM string // megabytes
	Limit               string
	Ready               string // seconds of the processor from opening to the Run button
	Browser             string
	Rows                []timed
}

func megabytes(n int) string { return fmt.Sprintf("%.2f", float64(n)/1e6) }

// measure builds the page, times it beside a native build, and writes docs/page.md.
func measure(ctx context.Context, out string) error {
	p, dir, err := buildApart()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	travels, err := p.travels()
	if err != nil {
		return err
	}
	native := filepath.Join(dir, "worker")
	if text, err := exec.Command("go", "build", "-o", native, "./cmd/page/worker").CombinedOutput(); err != nil {
		return fmt.Errorf("native build: %w: %s", err, text)
	}
	address, err := fileAddress(filepath.Join(dir, "index.html"))
	if err != nil {
		return err
	}
	t, err := openTab(ctx, address, "", "", 1100, 900)
	if err != nil {
		return err
	}
	defer t.close()
	if err := t.until("document.body.dataset.ready", 5*time.Minute); err != nil {
		return err
	}
	ready, err := t.processor()
	if err != nil {
		return err
	}
	f := figures{
		HTML: megabytes(len(p.html)), Travels: megabytes(travels), WASM: megabytes(p.wasm), Limit: megabytes(largest),
		Ready: fmt.Sprintf("%.1f", ready),
	}
	if f.Browser, err = value[string](t, `navigator.userAgent.match(/Chrom\w*\/\d+/)[0].replace("/", " ")`); err != nil {
		return err
	}
	for _, r := range []struct {
		what    string
		protect bool
		repeats int // of which the shortest counts (our choice)
	}{{"campaign of 2,000 injections", false, 2}, {"assessment of 2,000 injections, protection and proof", true, 1}} {
		row := timed{What: r.what, Page: math.Inf(1), Native: math.Inf(1)}
		for range r.repeats {
			a, b, err := race(ctx, t, native, r.protect)
			if err != nil {
				return err
			}
			row.Page, row.Native = min(row.Page, a), min(row.Native, b)
		}
		row.Times = fmt.Sprintf("%.1f", row.Page/row.Native)
		f.Rows = append(f.Rows, row)
	}
	var text bytes.Buffer
	if err := template.Must(template.New("page").Parse(document)).Execute(&text, f); err != nil {
		return err
	}
	return provenance.Write(ctx, out, text.Bytes(), true)
}

// race runs the same request in the page and natively, one after the other, and gives
// the seconds that each has had of the processor: others may be at work on the machine.
func race(ctx context.Context, t *tab, native string, protect bool) (page, alone float64, err error) {
	before, err := t.processor()
	if err != nil {
		return 0, 0, err
	}
	if err := t.do(fmt.Sprintf(`$("protect").checked = %t; $("injections").value = 2000; $("run").click()`, protect)); err != nil {
		return 0, 0, err
	}
	if err := t.until("!busy", 40*time.Minute); err != nil {
		return 0, 0, err
	}
	digest, err := value[string](t, "ran.result_digest")
	if err != nil {
		return 0, 0, err
	}
	if page, err = t.processor(); err != nil {
		return 0, 0, err
	}
	page -= before
	ask := fmt.Sprintf(`{"do":"run","request":{"model":"testdata/models/fashion-tiny.tflite","inputs":"testdata/models/fashion-tiny.inputs","injections":2000,"seed":1,"protect":%t}}`, protect)
	cmd := exec.CommandContext(ctx, native)
	cmd.Stdin = bytes.NewReader([]byte(ask + "\n"))
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, err
	}
	for line := range bytes.Lines(out) {
		var m struct {
			Kind, What string
			Answer     struct {
				Digest string `json:"result_digest"`
			}
		}
		if err := json.Unmarshal(line, &m); err != nil {
			return 0, 0, err
		}
		switch {
		case m.Kind == "error":
			return 0, 0, fmt.Errorf("native run: %s", m.What)
		case m.Kind == "answer" && m.Answer.Digest != digest:
			return 0, 0, fmt.Errorf("the page has the digest %s, a native run %s", digest, m.Answer.Digest)
		case m.Kind == "answer":
			return page, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), nil
		}
	}
	return 0, 0, fmt.Errorf("no answer of the native run: %.200s", out)
}
