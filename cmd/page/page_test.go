package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestMain(m *testing.M) {
	if err := os.Chdir(filepath.Join("..", "..")); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// patience is how long a step of the page may take on a busy machine.
const patience = 3 * time.Minute

// needBrowser skips a test where there is no Chromium. UPSET_CHROMIUM=must makes that an
// error, and UPSET_CHROMIUM=no leaves the test to a run of its own.
func needBrowser(t *testing.T) {
	t.Helper()
	want := os.Getenv("UPSET_CHROMIUM")
	_, err := findBrowser()
	switch {
	case want == "must" && err != nil:
		t.Fatal(err)
	case want == "must":
	case want == "no":
		t.Skip("no Chromium wanted: UPSET_CHROMIUM=no")
	case err != nil:
		t.Skip(err)
	case testing.Short():
		t.Skip("links the engine and drives Chromium")
	}
}

// built are the page and the command line, made once.
var built = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "page"); err != nil {
		return "", err
	}
	p, err := build()
	if err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "upset"), "./cmd/upset").CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return dir, p.write(dir)
})

// wire is where everything goes that goes to the network. It answers nothing.
type wire struct {
	net.Listener
	calls atomic.Int64
}

func newWire(t *testing.T) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.calls.Add(1)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close() })
	return w
}

// asFile is the address of the page in its folder.
func asFile(t *testing.T) string {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	address, err := fileAddress(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// visit opens the page in a window and waits until it is ready.
func visit(t *testing.T, w *wire, address string, width int) (b *tab, downloads string) {
	t.Helper()
	downloads = t.TempDir()
	b, err := openTab(context.Background(), address, "http://"+w.Addr().String(), downloads, width, 900)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	wait(t, b, "document.body.dataset.ready")
	return b, downloads
}

func wait(t *testing.T, b *tab, condition string) {
	t.Helper()
	if err := b.until(condition, patience); err != nil {
		t.Fatal(err)
	}
}

// must fails a test on an error of the browser.
func must(t *testing.T, list ...error) {
	t.Helper()
	if err := errors.Join(list...); err != nil {
		t.Fatal(err)
	}
}

// get is the value of a script.
func get[T any](t *testing.T, b *tab, script string) T {
	t.Helper()
	v, err := value[T](b, script)
	must(t, err)
	return v
}

// shot keeps a picture of the page where UPSET_PICTURES names a folder.
func shot(t *testing.T, b *tab, name string) {
	t.Helper()
	if dir := os.Getenv("UPSET_PICTURES"); dir != "" {
		must(t, b.picture(filepath.Join(dir, name+".png"), ""))
	}
}

// press presses Run and gives the result in JSON.
func press(t *testing.T, b *tab) map[string]any {
	t.Helper()
	must(t, b.click("run"))
	wait(t, b, "!busy")
	if said := get[string](t, b, `$("said").className + $("said").textContent`); !strings.Contains(said, "Done") {
		t.Fatalf("the page says %q", said)
	}
	return decode(t, []byte(get[string](t, b, "ran.json")))
}

func decode(t *testing.T, text []byte) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
	return v
}

// upset runs the command line; exit code 4 is a verdict.
func upset(t *testing.T, args ...string) map[string]any {
	t.Helper()
	dir, err := built()
	must(t, err)
	var stderr bytes.Buffer
	cmd := exec.Command(filepath.Join(dir, "upset"), append(args, "--format", "json", "--out", filepath.Join(t.TempDir(), "out"))...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != 4 && err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	return decode(t, out)
}

// same compares two results but for times and how they were asked for.
func same(t *testing.T, what string, page, cli map[string]any) {
	t.Helper()
	for _, m := range []map[string]any{page, cli} {
		forget(m)
	}
	if !near(page, cli) {
		a, _ := json.Marshal(page)
		b, _ := json.Marshal(cli)
		at := 0
		for at < min(len(a), len(b)) && a[at] == b[at] {
			at++
		}
		t.Errorf("%s: the page has …%.300s…, the command line …%.300s…", what, a[max(0, at-80):], b[max(0, at-80):])
	}
}

// near compares values of JSON. Numbers may differ by what the mathematical functions of
// two processors do.
func near(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			if !near(v, b[k]) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, near)
	case float64:
		b, ok := b.(float64)
		return ok && math.Abs(a-b) <= 1e-12*max(math.Abs(a), math.Abs(b))
	}
	return a == b
}

// forget takes out of a result what belongs to one run of the program.
func forget(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range []string{"seconds", "rate", "command"} {
			delete(v, key)
		}
		if _, isPath := v["campaign"].(string); isPath {
			delete(v, "campaign")
		}
		for _, x := range v {
			forget(x)
		}
	case []any:
		for _, x := range v {
			forget(x)
		}
	}
}

// The picture of a report is of the assessment that the README prints.
func TestPictureOfReport(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	must(t, err)
	if label := labelOf(t, "docs/report.png"); !bytes.Contains(readme, []byte("result "+label)) {
		t.Errorf("docs/report.png is of result %q: make it again by make pictures", label)
	}
	if _, err := labelled([]byte("GIF89a, which is none, however long it may be"), "x"); err == nil {
		t.Error("a digest can be put into what is no PNG")
	}
}

// labelOf is the digest that a picture carries; a decoder checks that it is one.
func labelOf(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	must(t, err)
	if _, err := png.Decode(bytes.NewReader(data)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	_, rest, _ := bytes.Cut(data, []byte("tEXt"+keyword))
	return string(rest[:min(len(rest), 64)])
}

// The page, opened as a file, gives what the command line gives, and touches no network.
func TestPage(t *testing.T) {
	needBrowser(t)
	w := newWire(t)
	b, downloads := visit(t, w, asFile(t), 1100)
	shot(t, b, "start")

	const model = "testdata/models/fashion-tiny.tflite"
	must(t, b.fill("injections", "600"), b.do(`$("injections").focus()`))
	// By keyboard: Enter in a field starts.
	must(t, chromedp.Do(b.ctx, chromedp.KeyEvent("\r")))
	wait(t, b, "!busy && ran")
	page := decode(t, []byte(get[string](t, b, "ran.json")))
	if page["result_digest"] == nil || get[string](t, b, `$("result-digest").textContent`) != page["result_digest"] {
		t.Errorf("result digest %v is not what the page shows", page["result_digest"])
	}
	if id := get[string](t, b, "document.activeElement.id"); id != "result" {
		t.Errorf("the focus is on %q, not on the result", id)
	}
	if label := labelOf(t, "docs/page.png"); label != page["result_digest"] {
		t.Errorf("docs/page.png is of result %q: make it again by make pictures", label)
	}
	words := strings.Fields(get[string](t, b, `$("command").textContent`))
	same(t, "campaign", page, upset(t, words[1:]...))
	shot(t, b, "result")

	t.Run("downloads", func(t *testing.T) { getFiles(t, b, downloads) })
	t.Run("story", func(t *testing.T) { tellStory(t, b, model) })
	t.Run("cancel", func(t *testing.T) { cancelRun(t, b) })
	t.Run("own file", func(t *testing.T) { useFiles(t, b) })
	t.Run("names", func(t *testing.T) { readAloud(t, b) })

	for _, u := range b.requests {
		if scheme, _, _ := strings.Cut(u, ":"); scheme != "file" && scheme != "blob" && scheme != "data" && scheme != "about" {
			t.Errorf("the page asks for %s", u)
		}
	}
	if n := w.calls.Load(); n > 0 {
		t.Errorf("%d connections to the network", n)
	}
	if len(b.errors) > 0 {
		t.Errorf("errors of scripts: %q", b.errors)
	}
	if err := b.do(`fetch("https://example.org/").catch((e) => { globalThis.refused = String(e); })`); err != nil {
		t.Fatal(err)
	}
	if wait(t, b, "globalThis.refused"); w.calls.Load() > 0 {
		t.Error("a script of the page reaches the network")
	}
}

// getFiles presses the buttons of downloads.
func getFiles(t *testing.T, b *tab, dir string) {
	must(t, b.do(`for (const x of $("downloads").children) x.click()`))
	for name, part := range map[string]string{"fashion-tiny-u55-128.html": "<!DOCTYPE html>", "fashion-tiny-u55-128.json": `"result_digest"`, "fashion-tiny-u55-128-spec.json": `"spec_digest"`} {
		var text []byte
		for end := time.Now().Add(patience); len(text) == 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			text, _ = os.ReadFile(filepath.Join(dir, name))
		}
		if !bytes.Contains(text, []byte(part)) {
			t.Errorf("%s has %d bytes and no %s", name, len(text), part)
		}
	}
}

// tellStory has the story of a flip told and compares it with that of the command line.
func tellStory(t *testing.T, b *tab, model string) {
	must(t, b.click("tell"))
	wait(t, b, "!busy && tale")
	site, input := get[string](t, b, "tale.site"), get[string](t, b, "String(tale.input)")
	cli := upset(t, "inject", "--site", site, "--input-index", input, model)
	events, steps := cli["events"].([]any), get[[]map[string]any](t, b, "tale.steps")
	if len(steps) == 0 || len(events) != len(steps) || cli["outcome"] != strings.ReplaceAll(get[string](t, b, "tale.outcome"), "persisting", "latent") {
		t.Fatalf("%d steps, the command line has %d; outcome %v", len(steps), len(events), cli["outcome"])
	}
	for i, e := range events {
		if e := e.(map[string]any); e["cycle"] != steps[i]["cycle"] || e["what"] != steps[i]["what"] {
			t.Errorf("step %d: %v, the command line has %v", i, steps[i], e)
		}
	}
	must(t, b.do(`$("on").click(); $("on").click()`))
	shown := get[[]string](t, b, `Object.keys(blocks).filter((k) => blocks[k].classList.contains("differs") && k !== "memory")`)
	want := get[[]string](t, b, `tale.all[2].blocks`)
	if len(want) == 0 || len(shown) != len(want) {
		t.Errorf("the picture marks %q, the story has %q", shown, want)
	}
	shot(t, b, "story")
	must(t, b.do(`$("site").value = "mac.acc[3].17"`), b.click("tell"))
	wait(t, b, "!busy")
	if said, _ := b.text("tellsaid"); !strings.Contains(said, "lacks its cycle") {
		t.Errorf("a site without a cycle: %q", said)
	}
}

// cancelRun ends a long campaign and runs a short one behind it.
func cancelRun(t *testing.T, b *tab) {
	must(t, b.fill("injections", "200000"), b.click("run"))
	wait(t, b, `$("stage").textContent.startsWith("injections: ") && $("bar").value > 0`)
	shot(t, b, "running")
	began := time.Now()
	must(t, b.click("cancel"))
	wait(t, b, "!busy")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("to cancel took %v", took)
	}
	if said, _ := b.text("said"); !strings.Contains(said, "Cancelled") {
		t.Errorf("cancelled, the page says %q", said)
	}
	must(t, b.fill("injections", "0"), b.click("run"))
	if said, _ := b.text("said"); !strings.Contains(said, "Injections: a whole number from 1") {
		t.Errorf("no injections: %q", said)
	}
	must(t, b.fill("injections", "100"))
	press(t, b)
}

// useFiles gives the page files: damaged ones, and good ones with their inputs.
func useFiles(t *testing.T, b *tab) {
	dir := t.TempDir()
	good, err := os.ReadFile("testdata/models/fashion-nano.tflite")
	must(t, err)
	upload := func(id string, files ...string) {
		t.Helper()
		_, err := chromedp.Run(b.ctx, chromedp.SetUploadFiles("#"+id, files))
		must(t, err)
	}
	must(t, b.do(`$("own").click()`))
	for name, data := range map[string][]byte{"half.tflite": good[:len(good)/2], "noise.tflite": bytes.Repeat([]byte{0x5a, 0xa5, 7}, 4000), "empty.tflite": nil} {
		file := filepath.Join(dir, name)
		must(t, os.WriteFile(file, data, 0o644), b.do(`say("looked", "")`))
		upload("model", file)
		wait(t, b, `!busy && $("looked").textContent !== ""`)
		said := get[string](t, b, `$("looked").textContent`)
		if !get[bool](t, b, `$("looked").classList.contains("bad")`) || !strings.HasPrefix(said, name+": ") || strings.Contains(said, "\n") || len(said) > 400 {
			t.Errorf("%s: %q", name, said)
		}
	}
	shot(t, b, "hostile")
	upload("model", mustAbs(t, "testdata/models/fashion-nano.tflite"))
	wait(t, b, `!busy && $("looked").textContent.includes("random")`)
	files, err := filepath.Glob("testdata/models/fashion-nano.inputs/in_0*.bin")
	must(t, err)
	var list []string
	folder := filepath.Join(dir, "inputs")
	must(t, os.Mkdir(folder, 0o755))
	for _, f := range files {
		data, err := os.ReadFile(f)
		must(t, err, os.WriteFile(filepath.Join(folder, filepath.Base(f)), data, 0o644))
		list = append(list, mustAbs(t, f))
	}
	upload("inputs", list...)
	wait(t, b, `!busy && $("looked").textContent.includes("100 files")`)
	// An assessment, with its proof.
	must(t, b.do(`$("protect").click()`), b.fill("options", "paper"), b.fill("injections", "400"))
	page := press(t, b)
	same(t, "assessment", page, upset(t, "assess", "testdata/models/fashion-nano.tflite", "--inputs", folder, "--injections", "400", "--options", "paper", "--evidence", "0"))
	shot(t, b, "assessment")
}

func mustAbs(t *testing.T, name string) string {
	t.Helper()
	abs, err := filepath.Abs(name)
	must(t, err)
	return abs
}

// readAloud checks that whatever can be operated has a name, and can be reached.
func readAloud(t *testing.T, b *tab) {
	nameless := get[[]string](t, b, `[...document.querySelectorAll("input, select, button, iframe, progress")].filter((e) =>
		!(e.labels && e.labels.length) && !e.getAttribute("aria-label") && !e.title && !(e.tagName === "BUTTON" && /\w/.test(e.textContent))).map((e) => e.id || e.outerHTML)`)
	if len(nameless) > 0 {
		t.Errorf("without a name: %q", nameless)
	}
	if n := get[int](t, b, `document.querySelectorAll("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").length`); n > 0 {
		t.Errorf("%d elements change the order of the keyboard", n)
	}
	if n := get[int](t, b, `document.querySelectorAll("[role=status][aria-live=polite]").length`); n < 4 {
		t.Errorf("%d places are read aloud when they change", n)
	}
}

// From a static host the page asks for itself and for nothing else. On a narrow window
// nothing is wider than it.
func TestNarrowPage(t *testing.T) {
	needBrowser(t)
	dir, err := built()
	must(t, err)
	var mu sync.Mutex
	var asked []string
	files := http.FileServer(http.Dir(dir))
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		files.ServeHTTP(w, r)
	}))
	defer host.Close()
	w := newWire(t)
	b, _ := visit(t, w, host.URL+"/", 360)
	must(t, b.fill("injections", "200"), b.do(`$("own").click()`))
	must(t, b.do(`document.querySelector("input[value=fashion-nano]").click()`))
	press(t, b)
	must(t, b.click("tell"))
	wait(t, b, "!busy && tale")
	must(t, b.do(`$("full").open = true`))
	wait(t, b, `$("report").contentDocument && $("report").contentDocument.querySelector("h1")`)
	if n := get[int](t, b, "document.documentElement.scrollWidth"); n > 360 {
		t.Errorf("the page is %d wide in a window of 360", n)
	}
	shot(t, b, "narrow")
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(asked, []string{"/"}) || w.calls.Load() > 0 {
		t.Errorf("the page asked its host for %q, and others %d times", asked, w.calls.Load())
	}
}
