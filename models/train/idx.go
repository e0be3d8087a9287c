package train

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// DefaultDataDir is where the Debian package dataset-fashion-mnist puts its
// four files.
const DefaultDataDir = "/usr/share/datasets/fashion-mnist"

// ErrNoData is returned by LoadFashion when the data set is not installed.
var ErrNoData = errors.New("fashion-MNIST is not installed; run: apt-get install -y dataset-fashion-mnist")

// IDX magic numbers: two zero bytes, 0x08 for unsigned bytes, then the number
// of dimensions (IDX format, as published with MNIST).
const (
	idxLabels = 0x00000801
	idxImages = 0x00000803
)

// maxIDXBytes bounds what a hostile or broken file can make us allocate. The
// largest file of the data set holds 47,040,016 bytes.
const maxIDXBytes = 64 << 20

// Images is a set of grey-scale pictures of one size with their labels.
type Images struct {
	Height, Width int
	Pixels        []byte // Len() × Height × Width, row by row
	Labels        []uint8
}

// Len returns the number of pictures.
func (s *Images) Len() int { return len(s.Labels) }

// Picture returns the pixels of picture i.
func (s *Images) Picture(i int) []byte {
	n := s.Height * s.Width
	return s.Pixels[i*n : (i+1)*n]
}

// Head returns the first n pictures, or all where there are fewer.
func (s *Images) Head(n int) *Images {
	n = min(n, s.Len())
	return &Images{s.Height, s.Width, s.Pixels[:n*s.Height*s.Width], s.Labels[:n]}
}

// LoadFashion reads the training and the test part of Fashion-MNIST from dir.
func LoadFashion(dir string) (training, test *Images, err error) {
	if training, err = loadPart(dir, "train"); err != nil {
		return nil, nil, err
	}
	if test, err = loadPart(dir, "t10k"); err != nil {
		return nil, nil, err
	}
	return training, test, nil
}

func loadPart(dir, part string) (*Images, error) {
	imageFile, err := openIDX(filepath.Join(dir, part+"-images-idx3-ubyte.gz"))
	if err != nil {
		return nil, err
	}
	labelFile, err := openIDX(filepath.Join(dir, part+"-labels-idx1-ubyte.gz"))
	if err != nil {
		return nil, err
	}
	set, err := ParseImages(imageFile)
	if err != nil {
		return nil, fmt.Errorf("fashion-MNIST part %s: %w", part, err)
	}
	if set.Labels, err = ParseLabels(labelFile); err != nil {
		return nil, fmt.Errorf("fashion-MNIST part %s: %w", part, err)
	}
	if got := len(set.Pixels) / (set.Height * set.Width); got != len(set.Labels) {
		return nil, fmt.Errorf("fashion-MNIST part %s: %d pictures but %d labels; reinstall the data set", part, got, len(set.Labels))
	}
	return set, nil
}

func openIDX(path string) ([]byte, error) {
	packed, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w (%s)", ErrNoData, path)
	}
	if err != nil {
		return nil, fmt.Errorf("data set: %w", err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("data set %s: %w", path, err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxIDXBytes+1))
	if err != nil {
		return nil, fmt.Errorf("data set %s: %w", path, err)
	}
	if len(raw) > maxIDXBytes {
		return nil, fmt.Errorf("data set %s: more than %d bytes", path, maxIDXBytes)
	}
	return raw, nil
}

// ParseImages reads an IDX file of three dimensions of unsigned bytes. The
// labels of the result are empty.
func ParseImages(raw []byte) (*Images, error) {
	if len(raw) < 16 || binary.BigEndian.Uint32(raw) != idxImages {
		return nil, fmt.Errorf("not an IDX file of pictures: want magic %#08x and three dimensions", idxImages)
	}
	count := uint64(binary.BigEndian.Uint32(raw[4:]))
	height := uint64(binary.BigEndian.Uint32(raw[8:]))
	width := uint64(binary.BigEndian.Uint32(raw[12:]))
	if height == 0 || width == 0 || height > 1024 || width > 1024 {
		return nil, fmt.Errorf("IDX file: %d × %d pictures; sides from 1 to 1024 are read", height, width)
	}
	if want := count * height * width; want != uint64(len(raw)-16) {
		return nil, fmt.Errorf("IDX file: %d pictures of %d × %d need %d bytes, the file holds %d", count, height, width, want, len(raw)-16)
	}
	return &Images{Height: int(height), Width: int(width), Pixels: raw[16:]}, nil
}

// ParseLabels reads an IDX file of one dimension of unsigned bytes.
func ParseLabels(raw []byte) ([]uint8, error) {
	if len(raw) < 8 || binary.BigEndian.Uint32(raw) != idxLabels {
		return nil, fmt.Errorf("not an IDX file of labels: want magic %#08x and one dimension", idxLabels)
	}
	if count := binary.BigEndian.Uint32(raw[4:]); uint64(count) != uint64(len(raw)-8) {
		return nil, fmt.Errorf("IDX file: %d labels announced, %d bytes found", count, len(raw)-8)
	}
	return raw[8:], nil
}
