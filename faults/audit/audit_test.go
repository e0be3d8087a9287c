package audit

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// sink keeps what a pack holds.
type sink map[string]*bytes.Buffer

type kept struct{ *bytes.Buffer }

func (kept) Close() error { return nil }

func (s sink) into(path string) (io.WriteCloser, error) {
	s[path] = new(bytes.Buffer)
	return kept{s[path]}, nil
}

// some are files of a pack; the second compresses well.
func some() []Entry {
	return []Entry{
		{Path: "z.txt", Data: []byte("last")},
		{Path: "folder/zeros.bin", Data: make([]byte, 1<<20)},
		{Path: "a.json", Data: []byte(`{"a": 1}`)},
		{Path: "empty", Data: nil},
	}
}

func packOf(t testing.TB, m Manifest, list []Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, m, list); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// open unpacks bytes.
func open(data []byte) (sink, *Manifest, []string, error) {
	s := sink{}
	m, wrong, err := Unpack(bytes.NewReader(data), int64(len(data)), s.into)
	return s, m, wrong, err
}

// What is packed is unpacked, and its bytes depend on the contents alone.
func TestPack(t *testing.T) {
	data := packOf(t, Manifest{Tool: "test", SpecDigest: "s", ResultDigest: "r", Inputs: "folder"}, some())
	list := some()
	list[0], list[2] = list[2], list[0]
	if !bytes.Equal(data, packOf(t, Manifest{Tool: "test", SpecDigest: "s", ResultDigest: "r", Inputs: "folder"}, list)) {
		t.Error("another order of files gives other bytes")
	}
	s, m, wrong, err := open(data)
	if err != nil || wrong != nil || m.Tool != "test" || m.Inputs != "folder" || len(m.Files) != 4 {
		t.Fatalf("%+v, %v, %v", m, wrong, err)
	}
	for _, e := range some() {
		if b := s[e.Path]; b == nil || !bytes.Equal(b.Bytes(), e.Data) {
			t.Errorf("%s is not what was packed", e.Path)
		}
	}
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, _, _, err = open(packOf(t, Manifest{}, []Entry{{Path: "f", Name: name}})); err != nil || s["f"].String() != "from a file" {
		t.Errorf("%v", err)
	}
	for what, list := range map[string][]Entry{
		"twice": {{Path: "a"}, {Path: "A"}}, "a folder and a file": {{Path: "a"}, {Path: "a/b"}}, "no such file": {{Path: "a", Name: name + "x"}},
		"up": {{Path: "../a"}}, "manifest": {{Path: ManifestName}}, "a folder": {{Path: "a", Name: filepath.Dir(name)}},
	} {
		if err := Write(io.Discard, Manifest{}, list); err == nil {
			t.Errorf("packed: %s", what)
		}
	}
	if err := Write(io.Discard, Manifest{Model: "none"}, some()); err == nil {
		t.Error("packed a manifest that names a model that is not there")
	}
}

// entry is a file of a zip archive that a test makes.
type entry struct {
	name string
	data []byte
	mode fs.FileMode
}

// archive makes a zip file of anything.
func archive(t testing.TB, method uint16, list []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range list {
		h := &zip.FileHeader{Name: e.name, Method: method}
		if e.mode == 0 {
			e.mode = 0o644
		}
		h.SetMode(e.mode)
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(e.name, "/") {
			continue
		}
		if _, err := w.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func manifestOf(t testing.TB, m Manifest) []byte {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Archives that no writer makes are refused, in one line, before anything is taken.
func TestHostilePacks(t *testing.T) {
	first := entry{name: ManifestName, data: manifestOf(t, Manifest{Format: Format})}
	file := func(name string) []entry { return []entry{first, {name: name, data: []byte("x")}} }
	named := func(files ...File) []entry {
		return []entry{{name: ManifestName, data: manifestOf(t, Manifest{Format: Format, Files: files})}}
	}
	zeros := strings.Repeat("0", 64)
	many := []entry{first}
	for i := range maxFiles + 2 {
		many = append(many, entry{name: fmt.Sprint(i)})
	}
	for what, data := range map[string][]byte{
		"nothing":                   {},
		"no archive":                []byte("PK no archive"),
		"no file":                   archive(t, zip.Deflate, nil),
		"no manifest":               archive(t, zip.Deflate, []entry{{name: "a"}}),
		"manifest not first":        archive(t, zip.Deflate, []entry{{name: "a"}, first}),
		"up":                        archive(t, zip.Deflate, file("../a")),
		"up within":                 archive(t, zip.Deflate, file("a/../../b")),
		"absolute":                  archive(t, zip.Deflate, file("/etc/passwd")),
		"a drive":                   archive(t, zip.Deflate, file("C:/a")),
		"backslash":                 archive(t, zip.Deflate, file(`..\a`)),
		"control character":         archive(t, zip.Deflate, file("a\x1b[2J")),
		"not UTF-8":                 archive(t, zip.Deflate, file("a\xff")),
		"long name":                 archive(t, zip.Deflate, file(strings.Repeat("a", 300))),
		"a folder":                  archive(t, zip.Deflate, file("a/")),
		"a link":                    archive(t, zip.Deflate, []entry{first, {name: "a", data: []byte("/etc/passwd"), mode: fs.ModeSymlink | 0o777}}),
		"a device":                  archive(t, zip.Deflate, []entry{first, {name: "a", mode: fs.ModeDevice | 0o777}}),
		"doubled name":              archive(t, zip.Deflate, append(file("a"), entry{name: "a"})),
		"doubled manifest":          archive(t, zip.Deflate, []entry{first, first}),
		"names that differ in case": archive(t, zip.Deflate, append(file("a"), entry{name: "A"})),
		"a bomb":                    archive(t, zip.Deflate, []entry{first, {name: "a", data: make([]byte, 64<<20)}}),
		"many files":                archive(t, zip.Store, many),
		"no JSON":                   archive(t, zip.Deflate, []entry{{name: ManifestName, data: []byte("[")}}),
		"a later format":            archive(t, zip.Deflate, []entry{{name: ManifestName, data: []byte(`{"format": 2}`)}}),
		"a name in the manifest":    archive(t, zip.Deflate, named(File{Path: "../a", SHA256: zeros})),
		"twice in the manifest":     archive(t, zip.Deflate, named(File{Path: "a", SHA256: zeros}, File{Path: "a", SHA256: zeros})),
		"a negative size":           archive(t, zip.Deflate, named(File{Path: "a", Bytes: -1, SHA256: zeros})),
		"too large":                 archive(t, zip.Deflate, named(File{Path: "a", Bytes: maxTotal, SHA256: zeros}, File{Path: "b", Bytes: 1, SHA256: zeros})),
		"no digest":                 archive(t, zip.Deflate, named(File{Path: "a", SHA256: "1234"})),
		"a model that is not there": archive(t, zip.Deflate, []entry{{name: ManifestName, data: manifestOf(t, Manifest{Format: Format, Model: "m"})}}),
	} {
		s, _, _, err := open(data)
		if !errors.Is(err, ErrNoPack) || len(s) > 0 || strings.Contains(err.Error(), "\n") || len(err.Error()) > 300 {
			t.Errorf("%s: %v, %d files taken", what, err, len(s))
		}
	}
	data := archive(t, zip.Deflate, file("a"))
	if _, _, wrong, err := open(data); err != nil || len(wrong) != 1 {
		t.Errorf("a sound archive is not read: %v, %v", wrong, err)
	}
}

// A size that a header claims does not matter: what is read is bounded by the manifest, and
// what the header of an entry leaves out of its checksum is found.
func TestLyingSizes(t *testing.T) {
	data := packOf(t, Manifest{}, []Entry{{Path: "a", Data: bytes.Repeat([]byte("abcd"), 1000)}})
	for i := range data {
		torn := bytes.Clone(data)
		torn[i] ^= 1
		s, m, wrong, err := open(torn)
		if err != nil || len(wrong) > 0 {
			continue
		}
		// Times and attributes are no part of what is packed.
		if len(m.Files) != 1 || len(s) != 1 || s["a"] == nil || s["a"].Len() != 4000 {
			t.Errorf("byte %d: read as a pack of %v", i, m.Files)
		}
	}
}

// Figures that differ are named; the last bits of a float do not count.
func TestCompare(t *testing.T) {
	const stored = `{"a": {"b": [1, 2.5, "x"]}, "n": 3, "seconds": 1, "yes": true, "none": null}`
	for now, want := range map[string]string{
		stored: "",
		`{"a": {"b": [1, 2.50000000000001, "x"]}, "n": 3, "seconds": 9, "yes": true, "none": null}`: "",
		`{"a": {"b": [1, 2.5001, "x"]}, "n": 3, "seconds": 1, "yes": true, "none": null}`:           "a.b[1] is 2.5, computed 2.5001",
		`{"a": {"b": [1, 2.5]}, "n": 3, "yes": true, "none": null}`:                                 "a.b is a list of 3, computed a list of 2",
		`{"a": {"b": [1, 2.5, "y"]}, "n": 3, "yes": true, "none": null}`:                            `a.b[2] is "x", computed "y"`,
		`{"a": {"b": [1, 2.5, "x"]}, "n": 4, "yes": true, "none": null}`:                            "n is 3, computed 4",
		`{"a": {"b": [1, 2.5, "x"]}, "n": "3", "yes": true, "none": null}`:                          `n is 3, computed "3"`,
		`{"a": {"b": [1, 2.5, "x"]}, "n": 3, "none": null}`:                                         "yes is true, but nothing gives it",
		`{"a": {"b": [1, 2.5, "x"]}, "m": 1, "n": 3, "yes": true, "none": null}`:                    "m is missing, computed 1",
		`{"a": [], "n": 3, "yes": true, "none": null}`:                                              "a is an object of 1 keys, computed a list of 0",
	} {
		_, list, err := Compare([]byte(stored), []byte(now), "seconds")
		got := ""
		if len(list) > 0 {
			got = list[0].String()
		}
		if err != nil || got != want || len(list) > 1 {
			t.Errorf("%s: %v, %v; want %q", now, list, err, want)
		}
	}
	if n, _, err := Compare([]byte(stored), []byte(stored)); n != 7 || err != nil {
		t.Errorf("%d figures compared, %v", n, err)
	}
	for _, bad := range []string{"", "{", "1 2", "{}x"} {
		if _, _, err := Compare([]byte(bad), []byte("{}")); err == nil {
			t.Errorf("%q is compared", bad)
		}
	}
}

// The list of modules is CycloneDX, names every module once, and does not depend on time.
func TestSBOM(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Path: "upset", Version: "(devel)"}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}}}
	info.Deps = []*debug.Module{{Path: "example.org/b", Version: "v2.0.0", Sum: "h1:x"}, {Path: "example.org/a", Version: "v1.0.0", Replace: &debug.Module{Path: "example.org/fork", Version: "v1.1.0"}}}
	text, err := SBOM(info)
	if err != nil {
		t.Fatal(err)
	}
	again, err := SBOM(info)
	if err != nil || !bytes.Equal(text, again) {
		t.Error("two lists of one build differ")
	}
	var bom struct {
		BOMFormat  string `json:"bomFormat"`
		Components []struct{ Name, Version, PURL string }
		Metadata   struct {
			Component struct{ Name, Version string }
		}
	}
	if err := json.Unmarshal(text, &bom); err != nil || bom.BOMFormat != "CycloneDX" || bom.Metadata.Component.Version != "abc" {
		t.Fatalf("%+v, %v", bom, err)
	}
	var list []string
	for _, c := range bom.Components {
		list = append(list, c.PURL)
	}
	if got := strings.Join(list, " "); got != "pkg:golang/example.org/b@v2.0.0 pkg:golang/example.org/fork@v1.1.0 pkg:golang/std@1.26" {
		t.Error(got)
	}
	if m := ThisMachine(); m.OS == "" || m.Processors < 1 {
		t.Errorf("%+v", m)
	}
}

// unpacked checks what may be said of any bytes: nothing is taken under a path that is not
// safe, no more than the manifest says, and what is taken without complaint can be packed
// again.
func unpacked(t *testing.T, data []byte) {
	s := sink{}
	m, wrong, err := Unpack(bytes.NewReader(data), int64(len(data)), func(path string) (io.WriteCloser, error) {
		if !filepath.IsLocal(path) || strings.Contains(path, `\`) || s[path] != nil {
			t.Fatalf("takes %q", path)
		}
		return s.into(path)
	})
	if err != nil || len(wrong) > 0 {
		return
	}
	var list []Entry
	for _, f := range m.Files {
		b := s[f.Path]
		if b == nil || int64(b.Len()) != f.Bytes {
			t.Fatalf("%s is not there or not whole", f.Path)
		}
		list = append(list, Entry{Path: f.Path, Data: b.Bytes()})
	}
	var out bytes.Buffer
	if err := Write(&out, *m, list); err != nil {
		t.Fatalf("what was read cannot be written: %v", err)
	}
	if _, n, wrong, err := open(out.Bytes()); err != nil || len(wrong) > 0 || len(n.Files) != len(m.Files) {
		t.Fatalf("written again: %v, %v", wrong, err)
	}
}

// FuzzUnpack begins with bytes: what a zip reader makes of them.
func FuzzUnpack(f *testing.F) {
	f.Add(packOf(f, Manifest{Tool: "t"}, some()[2:]))
	f.Add(archive(f, zip.Store, []entry{{name: ManifestName, data: []byte(`{"format":1,"files":[]}`)}, {name: "../a", data: []byte("x")}}))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, data []byte) { unpacked(t, data) })
}

// FuzzArchive begins behind the checksums of a zip file: with the manifest, names and
// contents. Where the mended flag is set the manifest's files are those that are there.
func FuzzArchive(f *testing.F) {
	f.Add([]byte(`{"format":1,"tool":"t","model":"a/b","inputs":"a","files":[]}`), "a/b", "c", []byte("data"), uint32(0o644), true)
	f.Add([]byte(`{"format":1,"files":[{"path":"a","bytes":4,"sha256":"00"}]}`), "a", "A", []byte("data"), uint32(0o644), false)
	f.Add([]byte(`{"format":1}`), "../a", "b/../c", []byte{}, uint32(0o120777), true)
	f.Fuzz(func(t *testing.T, manifest []byte, first, second string, data []byte, mode uint32, mended bool) {
		list := []entry{{name: first, data: data, mode: fs.FileMode(mode)}, {name: second, data: data[len(data)/2:]}}
		var m Manifest
		if mended && json.Unmarshal(manifest, &m) == nil {
			m.Files = nil
			for _, e := range list {
				file, _, err := measure(Entry{Path: e.name, Data: e.data})
				if err != nil {
					t.Fatal(err)
				}
				m.Files = append(m.Files, file)
			}
			manifest = manifestOf(t, m)
		}
		for _, e := range list {
			if strings.HasSuffix(e.name, "/") || len(e.name) > 1<<15 {
				return // the zip writer takes them for folders, or refuses
			}
		}
		unpacked(t, archive(t, zip.Deflate, append([]entry{{name: ManifestName, data: manifest}}, list...)))
	})
}
