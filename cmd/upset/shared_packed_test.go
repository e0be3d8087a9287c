package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/faults/audit"
	"upset/faults/campaign"
)

// Report, compare and verify read audit packs, and campaigns of an archive of several, as
// they read folders; what is damaged or ambiguous is refused by name.
func TestArchivesAreReadAsFolders(t *testing.T) {
	dir, temporary := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temporary)
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	mustRun(t, 0, "campaign", "run", tiny, "--injections", "300", "--seed", "1", "--out", a)
	mustRun(t, 0, "campaign", "run", tiny, "--injections", "300", "--seed", "2", "--out", b)
	pack := filepath.Join(dir, "a.zip")
	mustRun(t, 0, "campaign", "pack", a, "-o", pack)
	several := filepath.Join(dir, "records.zip")
	var entries []audit.Entry
	for _, name := range []string{"a", "b"} {
		entries = append(entries, audit.Entry{Path: name + "/" + campaign.LogName, Name: filepath.Join(dir, name, campaign.LogName)})
	}
	var archive bytes.Buffer
	if err := audit.Write(&archive, audit.Manifest{DigestsOnly: true}, entries); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(several, archive.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}

	report := func(path string) string {
		r := parse(t, mustRun(t, 0, "report", path, "--format", "json").out)
		return r["result_digest"].(string)
	}
	want := report(a)
	for _, path := range []string{pack, filepath.Join(several, "a"), several + "/a/"} {
		if got := report(path); got != want {
			t.Errorf("%s has the result %s, the folder %s", path, got, want)
		}
	}
	if report(filepath.Join(several, "b")) == want {
		t.Error("both campaigns of the archive are the same")
	}
	beside := func(x, y string) string {
		table, _, _ := strings.Cut(mustRun(t, 0, "compare", x, y).out, "\nREPRODUCE")
		return table
	}
	of := beside(a, b)
	if got := beside(filepath.Join(several, "a"), filepath.Join(several, "b")); got != of || !strings.Contains(of, "traversal") {
		t.Errorf("of an archive:\n%s\nof folders:\n%s", got, of)
	}
	// Its records are checked; that no figures are stored with them is said.
	if o := mustRun(t, codeIncomplete, "campaign", "verify", filepath.Join(several, "a"), "--model", tiny, "--seconds", "0.1"); !strings.Contains(o.out, "holds no "+campaignJSON) {
		t.Error(o.out)
	}

	for _, c := range []struct{ path, says string }{
		{several, "holds 2 campaigns: name one, as in " + filepath.Join(several, "a")},
		{filepath.Join(several, "c"), "holds 2 campaigns"},
		{filepath.Join(dir, "no.zip", "a"), "no campaign"},
		{tiny, "no audit pack"},
	} {
		if o := invoke("report", c.path); o.code != 2 || !strings.Contains(o.errors, c.says) {
			t.Errorf("%s: exit %d, %s", c.path, o.code, o.errors)
		}
	}
	// A bit among the records of a campaign; those of the zip file's own heads that nobody reads
	// do no harm.
	damaged := bytes.Clone(archive.Bytes())
	z, err := zip.NewReader(bytes.NewReader(damaged), int64(len(damaged)))
	if err != nil {
		t.Fatal(err)
	}
	last := z.File[len(z.File)-1]
	at, err := last.DataOffset()
	if err != nil {
		t.Fatal(err)
	}
	damaged[at+int64(last.CompressedSize64)/2] ^= 1
	if err := os.WriteFile(several, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := invoke("report", filepath.Join(several, "a")); o.code == 0 {
		t.Errorf("a damaged archive is taken: %s", o.out)
	}
	left, err := filepath.Glob(filepath.Join(temporary, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v stays behind (%v)", left, err)
	}
}
