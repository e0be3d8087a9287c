package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/chromedp/chromedp"
)

// assessed is the network of the report that is pictured: the one whose assessment the README prints.
const assessed = "testdata/models/fashion-dscnn.tflite"

// pictured are the sections of a report that its picture shows.
var pictured = []string{
	"Verdict without protection", "Verdict with protection", "Vulnerability (AVF) per block", "Vulnerability per block and layer", "Pareto front",
}

// pictures makes the pictures of the documents in a folder: page.png, a result in the page with one
// flip, and report.png, a report without most of its sections.
func pictures(ctx context.Context, folder string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute) // it takes one
	defer cancel()
	_, dir, err := buildApart()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := pictureResult(ctx, filepath.Join(dir, "index.html"), filepath.Join(folder, "page.png")); err != nil {
		return err
	}
	campaign := filepath.Join(dir, "campaign")
	text, err := exec.CommandContext(ctx, "go", "run", "./cmd/upset", "assess", assessed, "--out", campaign).CombinedOutput()
	report := filepath.Join(campaign, "assess.html")
	if _, missing := os.Stat(report); missing != nil { // the exit code may be a verdict
		return fmt.Errorf("assess: %w: %s", errors.Join(err, missing), text)
	}
	return pictureReport(ctx, report, filepath.Join(folder, "report.png"))
}

// pictureResult runs a short campaign in the page, steps into the story of one flip, and takes a
// picture of both.
func pictureResult(ctx context.Context, page, out string) error {
	t, err := openFile(ctx, page)
	if err != nil {
		return err
	}
	defer t.close()
	for _, s := range []struct{ do, until string }{
		{"0", "document.body.dataset.ready"},
		{`$("injections").value = 600; $("run").click()`, "!busy && ran"},
		{`$("tell").click()`, "!busy && tale"},
		{`$("on").click(); $("on").click()`, "true"},
	} {
		if err := errors.Join(t.do(s.do), t.until(s.until, 5*time.Minute)); err != nil {
			return err
		}
	}
	if err := t.do(`for (const x of document.querySelectorAll("header, form#form, #work, #steps, footer")) x.hidden = true`); err != nil {
		return err
	}
	digest, err := value[string](t, "ran.result_digest")
	if err != nil {
		return err
	}
	return t.picture(out, digest)
}

// pictureReport takes a picture of a report, of which verdicts and charts are left.
func pictureReport(ctx context.Context, report, out string) error {
	t, err := openFile(ctx, report)
	if err != nil {
		return err
	}
	defer t.close()
	list, err := json.Marshal(pictured)
	if err != nil {
		return err
	}
	seen, err := value[int](t, fmt.Sprintf(`{
		const wanted = %s; let seen = 0;
		for (const s of document.querySelectorAll("section")) {
			const h = s.querySelector("h2");
			if (!h || !wanted.includes(h.textContent)) { s.remove(); continue }
			seen++;
			for (const x of s.querySelectorAll(".wide, dl")) x.remove();
		}
		seen
	}`, list))
	if err != nil {
		return err
	}
	if seen != len(pictured) {
		return fmt.Errorf("%s has %d of the %d sections that are pictured", report, seen, len(pictured))
	}
	digest, err := value[string](t, `document.querySelector("p.sub").textContent.match(/[0-9a-f]{64}/)[0]`)
	if err != nil {
		return err
	}
	return t.picture(out, digest)
}

// openFile opens a file in a window as wide as a picture in a document.
func openFile(ctx context.Context, name string) (*tab, error) {
	address, err := fileAddress(name)
	if err != nil {
		return nil, err
	}
	return openTab(ctx, address, "", "", 1000, 600)
}

// picture stores a picture of the whole page as PNG, with the digest of the result that it shows.
func (t *tab) picture(name, digest string) error {
	data, err := chromedp.Run(t.ctx, chromedp.Screenshot(chromedp.CSS("html")))
	if err != nil {
		return err
	}
	if data, err = labelled(data, digest); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

// A PNG is a signature and chunks, each of a length, a type, its data and a checksum of both (W3C, Portable
// Network Graphics, section 5). IHDR is the first chunk and has 13 bytes; tEXt has a keyword, a zero and text.
const (
	behindIHDR = 8 + 4 + 4 + 13 + 4
	keyword    = "result_digest\x00"
)

var errNoPNG = errors.New("not a PNG")

// labelled puts the digest of a result into a PNG, so that a picture that the program has outgrown is noticed.
func labelled(png []byte, digest string) ([]byte, error) {
	if len(png) < behindIHDR || string(png[12:16]) != "IHDR" {
		return nil, errNoPNG
	}
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(keyword)+len(digest)))
	chunk = append(chunk, "tEXt"+keyword+digest...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return slices.Concat(png[:behindIHDR], chunk, png[behindIHDR:]), nil
}
