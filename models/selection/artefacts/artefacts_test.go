package artefacts

import (
	"io/fs"
	"testing"
)

// maxBytes bounds the embedded files, so that the program stays small (our
// choice).
const maxBytes = 8 << 20

func TestSize(t *testing.T) {
	total := int64(0)
	err := fs.WalkDir(files, ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil || total == 0 || total > maxBytes {
		t.Errorf("%d bytes of artefacts, error %v", total, err)
	}
}

func TestRefusals(t *testing.T) {
	if _, err := Open("nothing", 1); err == nil {
		t.Error("unknown task: no error")
	}
	f, err := Open("conformal-selection", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Scorer("absent", "rows.bin"); err == nil {
		t.Error("no such network: no error")
	}
	if _, err := f.Scorer("models", "absent.bin"); err == nil {
		t.Error("no such rows: no error")
	}
	other, err := Open("window-cascade", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Scorer("small", "truth.bin"); err == nil {
		t.Error("a file that is no whole number of rows: no error")
	}
	if err := f.JSON("rows.bin", new(int)); err == nil {
		t.Error("no JSON: no error")
	}
	s, err := f.Scorer("models", "rows.bin")
	if err != nil || len(s.Rows) != 400 || len(s.Rows[0]) != 16 {
		t.Errorf("%d rows, error %v", len(s.Rows), err)
	}
}
