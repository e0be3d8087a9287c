package audit

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"sort"
	"strings"
)

// Format is the version of packs.
const Format = 1

// ManifestName is the first file of a pack.
const ManifestName = "manifest.json"

// Bounds of packs. All are our choice: a log of the largest campaign has 1 GB, and the
// inputs of a campaign have 512 MiB at most.
const (
	maxFiles    = 20_000
	maxManifest = 8 << 20
	maxTotal    = 4 << 30
	maxName     = 200
)

// File is a file of a pack.
type File struct {
	// Path has slashes and is relative.
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Manifest says what a pack holds.
type Manifest struct {
	Format int `json:"format"`
	// Tool is the build that made the pack.
	Tool string `json:"tool"`
	// SpecDigest and ResultDigest are those of the campaign.
	SpecDigest   string `json:"spec_digest"`
	ResultDigest string `json:"result_digest"`
	// Model, Inputs, Inventory and Criterion are paths within the pack; empty where the
	// campaign has none or the pack holds digests only.
	Model     string `json:"model,omitempty"`
	Inputs    string `json:"inputs,omitempty"`
	Inventory string `json:"inventory,omitempty"`
	Criterion string `json:"criterion,omitempty"`
	// DigestsOnly says that model and inputs were left out.
	DigestsOnly bool   `json:"digests_only,omitempty"`
	Files       []File `json:"files"`
}

// parse reads a manifest and refuses one that no writer makes.
func parse(text []byte) (*Manifest, error) {
	m := new(Manifest)
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, fmt.Errorf("%s is not readable: %w", ManifestName, err)
	}
	if version.Format != Format {
		return nil, fmt.Errorf("a pack of format %d: this version reads format %d; use the version that made it", version.Format, Format)
	}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%s is not readable: %w", ManifestName, err)
	}
	return m, m.check()
}

// check reports a manifest that cannot be.
func (m *Manifest) check() error {
	if len(m.Files) > maxFiles {
		return fmt.Errorf("the manifest names %d files, at most %d are read", len(m.Files), maxFiles)
	}
	total, seen := int64(0), names{}
	for _, f := range m.Files {
		if err := seen.add(f.Path); err != nil {
			return fmt.Errorf("the manifest: %w", err)
		}
		if sum, err := hex.DecodeString(f.SHA256); err != nil || len(sum) != 32 || f.Bytes < 0 || f.Bytes > maxTotal {
			return fmt.Errorf("the manifest gives %q an impossible size or digest", f.Path)
		}
		if total += f.Bytes; total > maxTotal {
			return fmt.Errorf("its files have more than %d bytes, the most that is read", int64(maxTotal))
		}
	}
	for _, p := range []string{m.Model, m.Inventory, m.Criterion} {
		if p != "" && !seen.has(p) {
			return fmt.Errorf("the manifest names %q, which is not in its list of files", p)
		}
	}
	if m.Inputs != "" && !seen.under(m.Inputs) {
		return fmt.Errorf("the manifest names the inputs %q, of which its list has no file", m.Inputs)
	}
	return nil
}

// names are paths that may stand beside each other on any file system, which may tell
// capital letters or not.
type names map[string]string

// add adds the path of a file; the error says why it cannot be one.
func (n names) add(path string) error {
	if len(path) > maxName || !fs.ValidPath(path) || path == "." || strings.ContainsFunc(path, unwanted) {
		return fmt.Errorf("%.60q is no path that a pack may have: relative, with slashes, without .. and odd characters", path)
	}
	for _, part := range strings.Split(path, "/") {
		if strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") {
			return fmt.Errorf("%.60q is no path that a pack may have: a name ends in a full stop or a space", path)
		}
	}
	low := strings.ToLower(path)
	if low == ManifestName || n[low] != "" {
		return fmt.Errorf("%q stands there twice", path)
	}
	// A file must not be the folder of another one either.
	for at := range low {
		if low[at] == '/' && n[low[:at]] == "file" {
			return fmt.Errorf("%q stands there as a file and as a folder", path[:at])
		}
	}
	n[low] = "file"
	for at := range low {
		if low[at] == '/' {
			n[low[:at]] = "folder"
		}
	}
	return nil
}

func (n names) has(path string) bool   { return n[strings.ToLower(path)] == "file" }
func (n names) under(path string) bool { return n[strings.ToLower(path)] == "folder" }

// unwanted are the characters that no name in a pack has: control characters, those that
// mean something to a shell or to Windows, and all beyond ASCII, whose forms file systems
// change.
func unwanted(r rune) bool {
	return r < ' ' || r > '~' || strings.ContainsRune(`\:*?"<>|`, r)
}

// SafeName is a file's name as a pack may have it: characters that no name has become
// underscores.
func SafeName(name string) string {
	out := strings.Map(func(r rune) rune {
		if unwanted(r) || r == '/' {
			return '_'
		}
		return r
	}, name)
	out = strings.TrimRight(out, ". ")
	if len(out) > maxName/2 {
		out = out[len(out)-maxName/2:]
	}
	if out == "" {
		return "_"
	}
	return out
}

// sorted brings the files into the order of a pack.
func sorted(list []File) {
	sort.Slice(list, func(i, j int) bool { return list[i].Path < list[j].Path })
}
