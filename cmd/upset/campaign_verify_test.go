package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/faults"
	"upset/faults/audit"
)

// files are those of a pack, by path.
type files map[string][]byte

func readPack(t *testing.T, name string) files {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	all := files{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if all[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return all
}

// write writes a pack with the manifest as it is.
func (a files) write(t *testing.T, name string) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	names := []string{audit.ManifestName}
	for n := range a {
		if n != audit.ManifestName {
			names = append(names, n)
		}
	}
	slices.Sort(names[1:])
	for _, n := range names {
		w, err := z.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(a[n]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// mend makes the manifest one of the files as they are, as somebody would who knows how.
func (a files) mend(t *testing.T, change func(m *audit.Manifest)) {
	t.Helper()
	var m audit.Manifest
	if err := json.Unmarshal(a[audit.ManifestName], &m); err != nil {
		t.Fatal(err)
	}
	m.Files = nil
	for name, data := range a {
		if name != audit.ManifestName {
			sum := sha256.Sum256(data)
			m.Files = append(m.Files, audit.File{Path: name, Bytes: int64(len(data)), SHA256: hex.EncodeToString(sum[:])})
		}
	}
	if change != nil {
		change(&m)
	}
	var err error
	if a[audit.ManifestName], err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
}

// logFrame is a frame of a log.
type logFrame struct {
	kind byte
	body []byte
}

const (
	logStart      = "upset records 1\n"
	logRecordSize = 48
)

func logFrames(data []byte) (list []logFrame) {
	for data = data[len(logStart):]; len(data) > 0; {
		n := binary.LittleEndian.Uint32(data[1:])
		list = append(list, logFrame{data[0], bytes.Clone(data[5 : 5+n])})
		data = data[9+n:]
	}
	return list
}

func logOf(list []logFrame) []byte {
	out := []byte(logStart)
	for _, f := range list {
		at := len(out)
		out = append(out, f.kind)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(f.body)))
		out = append(out, f.body...)
		out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(out[at:], crc32.MakeTable(crc32.Castagnoli)))
	}
	return out
}

// promise makes the end of a log that of its records.
func promise(t *testing.T, list []logFrame, spec string) (digest string) {
	t.Helper()
	var records [][]byte
	for _, f := range list {
		for b := f.body; f.kind == 'R' && len(b) > 0; b = b[logRecordSize:] {
			r := bytes.Clone(b[:logRecordSize])
			r[logRecordSize-1] = 0 // the path is in no digest
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b []byte) int {
		return int(binary.LittleEndian.Uint64(a)) - int(binary.LittleEndian.Uint64(b))
	})
	h := sha256.New()
	h.Write([]byte(spec))
	for _, r := range records {
		h.Write(r)
	}
	digest = hex.EncodeToString(h.Sum(nil))
	text, err := json.Marshal(map[string]any{"injections": len(records), "result_digest": digest})
	if err != nil {
		t.Fatal(err)
	}
	list[len(list)-1].body = text
	return digest
}

// A pack that was made in one folder is verified in another, by name of each check; so is
// the folder, and one that was merged of shards. Each of many ways to tamper with it fails
// with its reason, also where checksums and manifest were mended.
func TestVerifyTampered(t *testing.T) {
	work := t.TempDir()
	inputs, dir, pack := fewInputs(t), filepath.Join(work, "run"), filepath.Join(work, "audit.zip")
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", inputs, "--out", dir, "--injections", "600", "--budget", "5")
	for file, want := range map[string]string{work: "is a folder", filepath.Join(work, "none", "a.zip"): "there is no folder"} {
		if o := mustRun(t, codeUsage, "campaign", "pack", dir, "-o", file); !strings.Contains(o.errors, want) {
			t.Errorf("a pack at %s: %q", file, o.errors)
		}
	}
	o := mustRun(t, codeDone, "campaign", "pack", dir, "--out", pack, "--format", "json")
	spec := parse(t, o.out)["spec_digest"].(string)
	if err := os.RemoveAll(dir); err != nil { // the pack is all that there is
		t.Fatal(err)
	}
	if err := os.RemoveAll(inputs); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	sound := parse(t, mustRun(t, codeDone, "campaign", "verify", pack, "--share", "0.2", "--seed", "5", "--format", "json").out)
	if n := len(sound["checks"].([]any)); n != 9 || sound["verified"] != true || sound["result_digest"] != parse(t, o.out)["result_digest"] {
		t.Fatalf("%d checks: %v", n, sound)
	}
	other := filepath.Join(work, "other.zip")
	mustRun(t, codeDone, "campaign", "run", tiny, "--out", filepath.Join(work, "other"), "--injections", "600", "--seed", "2")
	mustRun(t, codeDone, "campaign", "pack", filepath.Join(work, "other"), "-o", other)
	foreign := readPack(t, other)

	const log = "records.log"
	record := func(a files, change func(list []logFrame) []logFrame) []logFrame {
		list := change(logFrames(a[log]))
		a[log] = logOf(list)
		return list
	}
	drop := func(list []logFrame) []logFrame {
		for i := range list {
			if f := &list[i]; f.kind == 'R' {
				f.body = f.body[logRecordSize:]
				break
			}
		}
		return list
	}
	// mask hides the first silent corruption.
	mask := func(list []logFrame) []logFrame {
		for _, f := range list {
			for b := f.body; f.kind == 'R' && len(b) > 0; b = b[logRecordSize:] {
				if o := faults.Outcome(b[44]); o == faults.SDCCritical || o == faults.SDCTolerable {
					b[44] = byte(faults.Masked)
					return list
				}
			}
		}
		t.Fatal("no record to hide")
		return nil
	}
	model, input := "model/fashion-tiny.tflite", "inputs/in_001.bin"
	flip := func(a files, name string, at int) { a[name] = bytes.Clone(a[name]); a[name][at] ^= 1 }
	change := func(a files, name, from, to string) {
		text := strings.Replace(string(a[name]), from, to, 1)
		if text == string(a[name]) {
			t.Fatalf("%s has no %q", name, from)
		}
		a[name] = []byte(text)
	}
	for _, x := range []struct {
		name   string
		code   int
		want   []string
		change func(a files)
	}{
		{"a flipped byte in the records", 1, []string{"files: ", "records.log was changed"}, func(a files) { flip(a, log, len(a[log])/2) }},
		{"another model", 1, []string{"files: ", model + " was changed"}, func(a files) { flip(a, model, len(a[model])-100) }},
		{"another input", 1, []string{"files: ", input + " was changed"}, func(a files) { flip(a, input, 9) }},
		{"a missing page", 1, []string{"files: report.html is missing"}, func(a files) { delete(a, "report.html") }},
		{"one file more", 1, []string{"files: ", "in_009.bin is there, but not in the manifest"}, func(a files) { a["inputs/in_009.bin"] = a[input] }},
		{"a foreign manifest", 1, []string{"files: campaign.json has ", "the manifest says"}, func(a files) { a[audit.ManifestName] = foreign[audit.ManifestName] }},
		{"a later format", codeUsage, []string{"format 7", "reads format 1"}, func(a files) { a.mend(t, nil); change(a, audit.ManifestName, `"format":1`, `"format":7`) }},
		{"a path that leads out", codeUsage, []string{"../x", "no path"}, func(a files) { a["../x"] = nil }},

		{"a flipped byte, manifest mended", 1, []string{"records: ", "damaged"}, func(a files) { flip(a, log, len(a[log])/2); a.mend(t, nil) }},
		{"a dropped record, checksum mended", 1, []string{"records: ", "599 records of 600"}, func(a files) { record(a, drop); a.mend(t, nil) }},
		{"a dropped record, end mended", 1, []string{"records: ", "599 records of 600"}, func(a files) {
			list := record(a, drop)
			digest := promise(t, list, spec)
			a[log] = logOf(list)
			a.mend(t, func(m *audit.Manifest) { m.ResultDigest = digest })
		}},
		{"a hidden corruption, checksum mended", 1, []string{"records: ", "digest"}, func(a files) { record(a, mask); a.mend(t, nil) }},
		{"a hidden corruption, end mended", 1, []string{"records: ", "the manifest is of records with the digest"}, func(a files) {
			list := record(a, mask)
			promise(t, list, spec)
			a[log] = logOf(list)
			a.mend(t, nil)
		}},
		{"a hidden corruption, end and manifest mended", 1, []string{"result: campaign.json: ", "computed"}, func(a files) {
			list := record(a, mask)
			digest := promise(t, list, spec)
			a[log] = logOf(list)
			a.mend(t, func(m *audit.Manifest) { m.ResultDigest = digest })
		}},
		{"records of another campaign", 1, []string{"records: the manifest is of a campaign with the spec"}, func(a files) { a[log] = foreign[log]; a.mend(t, nil) }},
		{"another spec in the log", 1, []string{"records: ", "the spec has the digest"}, func(a files) {
			record(a, func(list []logFrame) []logFrame {
				for i := range list {
					if f := &list[i]; f.kind == 'H' {
						f.body = bytes.Replace(f.body, []byte(`"seed":1,`), []byte(`"seed":3,`), 1)
					}
				}
				return list
			})
			a.mend(t, nil)
		}},
		{"another spec beside it", 1, []string{"records: spec.json: seed is 2, computed 1"}, func(a files) { change(a, "spec.json", `"seed": 1`, `"seed": 2`); a.mend(t, nil) }},
		{"a changed figure", 1, []string{"result: campaign.json: ", "outcomes.masked"}, func(a files) { change(a, campaignJSON, `"masked": `, `"masked": 1`); a.mend(t, nil) }},
		{"another question", 1, []string{"result: campaign.json: ", "computed"}, func(a files) { change(a, questionJSON, `"BudgetFIT": 5`, `"BudgetFIT": 50`); a.mend(t, nil) }},
		{"a changed page", 1, []string{"report: report.html is not the page of these figures"}, func(a files) { change(a, campaignHTML, "</h1>", "!</h1>"); a.mend(t, nil) }},
		{"a changed text", 1, []string{"report: report.txt is not the page"}, func(a files) { a[reportText] = append(a[reportText], "met\n"...); a.mend(t, nil) }},
		{"another model, manifest mended", 1, []string{"model: ", "is another model"}, func(a files) { flip(a, model, len(a[model])-100); a.mend(t, nil) }},
		{"another input, manifest mended", 1, []string{"inputs: in_001.bin (input 1)", "was changed"}, func(a files) { flip(a, input, 9); a.mend(t, nil) }},
		{"an input less", 1, []string{"inputs: ", "has 3 inputs, the campaign has 4"}, func(a files) { delete(a, input); a.mend(t, nil) }},
	} {
		t.Run(x.name, func(t *testing.T) {
			a := readPack(t, pack)
			x.change(a)
			file := filepath.Join(t.TempDir(), "tampered.zip")
			a.write(t, file)
			o := mustRun(t, x.code, "campaign", "verify", file, "--share", "0.001")
			last := strings.Split(strings.TrimSpace(o.errors), "\n")
			for _, w := range x.want {
				if !strings.Contains(last[len(last)-1], w) {
					t.Errorf("does not say %q: %s", w, last[len(last)-1])
				}
			}
		})
	}
	t.Run("a doubled name", func(t *testing.T) {
		a := readPack(t, pack)
		a["REPORT.html"] = a["report.html"]
		file := filepath.Join(t.TempDir(), "tampered.zip")
		a.write(t, file)
		if o := mustRun(t, codeUsage, "campaign", "verify", file); !strings.Contains(o.errors, "stands there twice") || strings.Count(o.errors, "\n") != 1 {
			t.Error(o.errors)
		}
	})
	// Who mends everything, figures and pages too, is found by the machine alone.
	t.Run("a hidden corruption, all mended", func(t *testing.T) {
		a := readPack(t, pack)
		list := record(a, mask)
		promise(t, list, spec)
		forged := filepath.Join(t.TempDir(), "forged")
		if err := os.MkdirAll(filepath.Join(forged, "inputs"), 0o755); err != nil {
			t.Fatal(err)
		}
		a[log] = logOf(list)
		for _, name := range []string{log, model, "inputs/in_000.bin", input, "inputs/in_002.bin", "inputs/in_003.bin"} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(forged, name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(forged, name), a[name], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		at := []string{"--model", filepath.Join(forged, model), "--inputs", filepath.Join(forged, "inputs")}
		mustRun(t, codeDone, append([]string{"campaign", "resume", forged, "--budget", "5"}, at...)...) // writes the result of the forged records
		o := mustRun(t, codeFailed, append([]string{"campaign", "verify", forged, "--share", "1", "--format", "csv"}, at...)...)
		if !strings.Contains(o.errors, "repeat: 1 of 600 records differ; record ") || strings.Count(o.out, ",fail,") != 1 || strings.Count(o.out, ",pass,") != 7 {
			t.Errorf("%s%s", o.out, o.errors)
		}
	})
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("folders are left behind: %v, %v", left, err)
	}
}

// A folder that was merged of shards is verified, one that is not complete says so, and
// digests alone say what could not be done.
func TestVerifyFolders(t *testing.T) {
	work, inputs := t.TempDir(), fewInputs(t)
	merged := filepath.Join(work, "merged")
	mustRun(t, codeDone, "campaign", "plan", tiny, "--inputs", inputs, "--out", merged, "--injections", "90", "--shards", "2")
	if o := mustRun(t, codeIncomplete, "campaign", "verify", merged); !strings.Contains(o.errors, "not complete") {
		t.Error(o.errors)
	}
	mustRun(t, codeIncomplete, "campaign", "pack", merged, "-o", filepath.Join(work, "no.zip"))
	for range 8 {
		for _, k := range []string{"1/2", "2/2"} {
			mustRun(t, codeDone, "campaign", "shard", merged, "--shard", k, "--runs", "off")
		}
		if invoke("campaign", "merge", merged).code == codeDone {
			break
		}
	}
	mustRun(t, codeDone, "campaign", "verify", merged, "--share", "1")
	only := filepath.Join(work, "only.zip")
	mustRun(t, codeDone, "campaign", "pack", merged, "--digests-only", "-o", only)
	if a := readPack(t, only); a["model/fashion-tiny.tflite"] != nil || a["inputs/in_000.bin"] != nil || a["sbom.cdx.json"] == nil || a["machine.json"] == nil {
		t.Error("digests only, but not so")
	}
	o := mustRun(t, codeIncomplete, "campaign", "verify", only)
	if !strings.Contains(o.out, "digests of model and inputs only") || !strings.Contains(o.out, "INCOMPLETE") {
		t.Error(o.out)
	}
	mustRun(t, codeDone, "campaign", "verify", only, "--model", tiny, "--inputs", inputs, "--seconds", "0")
	if err := os.Remove(filepath.Join(merged, campaignJSON)); err != nil {
		t.Fatal(err)
	}
	mustRun(t, codeIncomplete, "campaign", "verify", merged, "--seconds", "0")
	for _, args := range [][]string{
		{"verify", filepath.Join(work, "none")}, {"verify", work}, {"verify", tiny}, {"verify", only, "--share", "0.1", "--seconds", "1"}, {"verify", only, "--share", "0"},
		{"pack", work, "-o", only}, {"pack", merged}, {"pack", merged, "-o", filepath.Join(work, "x.zip")},
	} {
		if o := mustRun(t, codeUsage, append([]string{"campaign"}, args...)...); strings.Count(o.errors, "\n") != 1 {
			t.Errorf("%v: %s", args, o.errors)
		}
	}
	if _, err := os.Stat(filepath.Join(work, "x.zip")); err == nil {
		t.Error("a pack that is not verified was written")
	}
}
