package audit

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// ErrNoPack: a file is not what [Write] makes, and nothing of it is used.
var ErrNoPack = errors.New("it is no audit pack that can be read")

// maxDirectory bounds what is read to find the files of a pack, in bytes (our choice: the
// most files with the longest names take less).
const maxDirectory = 8 << 20

// Sink takes the files of a pack, whose paths are relative and safe. The file is closed
// when it is whole, or when the reader gives up.
type Sink func(path string) (io.WriteCloser, error)

// Unpack reads a pack of the given size. An archive that no writer of packs makes is an
// error, which wraps [ErrNoPack]. Files that are missing, more, or not those of the
// manifest are returned as sentences; what the sink has got is then not to be used.
func Unpack(r io.ReaderAt, size int64, into Sink) (m *Manifest, wrong []string, err error) {
	refuse := func(err error) (*Manifest, []string, error) {
		return nil, nil, fmt.Errorf("%w: %w", ErrNoPack, err)
	}
	z, err := zip.NewReader(&bounded{r: r, left: maxDirectory}, size)
	if err != nil {
		return refuse(err)
	}
	if len(z.File) > maxFiles+1 {
		return refuse(fmt.Errorf("it holds %d files, at most %d are read", len(z.File), maxFiles))
	}
	if len(z.File) == 0 || z.File[0].Name != ManifestName {
		return refuse(fmt.Errorf("its first file is not %s", ManifestName))
	}
	// The archive is read a second time, without the bound on its directory.
	if z, err = zip.NewReader(r, size); err != nil {
		return refuse(err)
	}
	seen, files, packed := names{}, map[string]*zip.File{}, uint64(0)
	for i, f := range z.File {
		if i > 0 {
			if err := seen.add(f.Name); err != nil {
				return refuse(err)
			}
		}
		if err := sound(f); err != nil {
			return refuse(err)
		}
		if packed += min(f.CompressedSize64, maxTotal); packed > uint64(size) {
			return refuse(errors.New("its files overlap"))
		}
		files[f.Name] = f
	}
	var text bytes.Buffer
	if _, _, err := copyOut(files[ManifestName], &text, maxManifest); err != nil {
		return refuse(fmt.Errorf("%s: %w", ManifestName, err))
	}
	if m, err = parse(text.Bytes()); err != nil {
		return refuse(err)
	}
	delete(files, ManifestName)
	for _, f := range m.Files {
		x := files[f.Path]
		delete(files, f.Path)
		if x == nil {
			wrong = append(wrong, fmt.Sprintf("%s is missing", f.Path))
			continue
		}
		if what, err := take(f, x, into); err != nil {
			return nil, nil, err
		} else if what != "" {
			wrong = append(wrong, what)
		}
	}
	for _, f := range z.File {
		if files[f.Name] != nil {
			wrong = append(wrong, fmt.Sprintf("%s is there, but not in the manifest", f.Name))
		}
	}
	return m, wrong, nil
}

// sound reports an entry that no pack has.
func sound(f *zip.File) error {
	switch {
	case !f.Mode().IsRegular():
		return fmt.Errorf("%q is no regular file", f.Name)
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return fmt.Errorf("%q is compressed in a way that packs do not use", f.Name)
	case f.UncompressedSize64 > maxTotal:
		return fmt.Errorf("%q claims %d bytes, at most %d are read", f.Name, f.UncompressedSize64, int64(maxTotal))
	case dense(int64(f.UncompressedSize64), int64(min(f.CompressedSize64, maxTotal))):
		return fmt.Errorf("%q unfolds from %d to %d bytes, more than a file of a pack may", f.Name, f.CompressedSize64, f.UncompressedSize64)
	}
	return nil
}

// take copies a file and says what is wrong with it.
func take(f File, x *zip.File, into Sink) (wrong string, err error) {
	if x.UncompressedSize64 != uint64(f.Bytes) {
		return fmt.Sprintf("%s has %d bytes, the manifest says %d", f.Path, x.UncompressedSize64, f.Bytes), nil
	}
	out, err := into(f.Path)
	if err != nil {
		return "", fmt.Errorf("unpack: %w", err)
	}
	n, sum, err := copyOut(x, out, f.Bytes)
	if e := out.Close(); err == nil && e != nil {
		return "", fmt.Errorf("unpack: %w", e)
	}
	var w *writeError
	switch {
	case errors.As(err, &w):
		return "", fmt.Errorf("unpack: %w", w.err)
	case err != nil:
		return fmt.Sprintf("%s is damaged: %v", f.Path, err), nil
	case n != f.Bytes || sum != f.SHA256:
		return fmt.Sprintf("%s was changed: its SHA-256 is %.16s, the manifest says %.16s", f.Path, sum, f.SHA256), nil
	}
	return "", nil
}

// copyOut copies the contents of an entry, at most so many bytes.
func copyOut(x *zip.File, out io.Writer, most int64) (n int64, sum string, err error) {
	in, err := x.Open()
	if err != nil {
		return 0, "", err
	}
	defer in.Close()
	h := sha256.New()
	n, err = io.Copy(io.MultiWriter(&writing{out}, h), io.LimitReader(in, most))
	if err != nil {
		return n, "", err
	}
	var more [1]byte
	switch k, err := io.ReadFull(in, more[:]); {
	case k > 0:
		return n, "", fmt.Errorf("it has more than %d bytes", most)
	case !errors.Is(err, io.EOF):
		return n, "", err // its checksum, for example
	}
	return n, hex.EncodeToString(h.Sum(nil)), nil
}

// writing tells errors of the sink from those of the archive.
type writing struct{ w io.Writer }

type writeError struct{ err error }

func (e *writeError) Error() string { return e.err.Error() }

func (w *writing) Write(b []byte) (int, error) {
	n, err := w.w.Write(b)
	if err != nil {
		err = &writeError{err}
	}
	return n, err
}

// bounded lets no more than so many bytes be read.
type bounded struct {
	r    io.ReaderAt
	left int64
}

func (b *bounded) ReadAt(p []byte, at int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errors.New("its directory is too large")
	}
	return b.r.ReadAt(p, at)
}
