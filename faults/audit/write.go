package audit

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// epoch is the time of every file in a pack: the first that a zip file can have.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Entry is a file that goes into a pack: the bytes of a file, or Data where Name is empty.
type Entry struct {
	Path string // in the pack
	Name string // of the file on disk
	Data []byte
}

func (e Entry) open() (io.ReadCloser, error) {
	if e.Name == "" {
		return io.NopCloser(bytes.NewReader(e.Data)), nil
	}
	info, err := os.Stat(e.Name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", e.Name)
	}
	return os.Open(e.Name)
}

// densest is how many times smaller a file may become in a pack (our choice). What would
// become smaller still is stored as it is, so that the reader can refuse an archive that
// unfolds to a thousand times its size.
const (
	densest = 100
	spare   = 64 << 10 // bytes for which this does not matter
)

// Write writes a pack. It fills in the format and the files of the manifest.
func Write(w io.Writer, m Manifest, entries []Entry) error {
	m.Format, m.Files = Format, nil
	source, method := map[string]Entry{}, map[string]uint16{}
	for _, e := range entries {
		f, how, err := measure(e)
		if err != nil {
			return fmt.Errorf("pack: %w", err)
		}
		m.Files = append(m.Files, f)
		source[e.Path], method[e.Path] = e, how
	}
	sorted(m.Files)
	if err := m.check(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	z := zip.NewWriter(w)
	put := func(e Entry, how uint16) (string, error) {
		h := &zip.FileHeader{Name: e.Path, Method: how, Modified: epoch}
		h.SetMode(0o644)
		out, err := z.CreateHeader(h)
		if err != nil {
			return "", err
		}
		in, err := e.open()
		if err != nil {
			return "", err
		}
		defer in.Close()
		sum := sha256.New()
		_, err = io.Copy(io.MultiWriter(out, sum), in)
		return hex.EncodeToString(sum.Sum(nil)), err
	}
	if _, err := put(Entry{Path: ManifestName, Data: append(text, '\n')}, zip.Deflate); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	for _, f := range m.Files {
		sum, err := put(source[f.Path], method[f.Path])
		if err != nil {
			return fmt.Errorf("pack %s: %w", f.Path, err)
		}
		if sum != f.SHA256 {
			return fmt.Errorf("pack: %s changed while it was read", source[f.Path].Name)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	return nil
}

// counter counts bytes.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// measure finds size and digest of a file, and whether it is compressed.
func measure(e Entry) (File, uint16, error) {
	in, err := e.open()
	if err != nil {
		return File{}, 0, err
	}
	defer in.Close()
	var small counter
	z, err := flate.NewWriter(&small, flate.DefaultCompression)
	if err != nil {
		return File{}, 0, err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sum, z), in)
	if err == nil {
		err = z.Close()
	}
	how := zip.Deflate
	if dense(n, int64(small)) {
		how = zip.Store
	}
	return File{Path: e.Path, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, how, err
}

// dense reports a file that unfolds more than one of a pack may.
func dense(whole, packed int64) bool { return whole > spare && whole/densest > packed }
