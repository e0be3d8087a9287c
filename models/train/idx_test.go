package train

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"
)

// idx builds an IDX file from its header words and its bytes.
func idx(words []uint32, data ...byte) []byte {
	var raw []byte
	for _, w := range words {
		raw = binary.BigEndian.AppendUint32(raw, w)
	}
	return append(raw, data...)
}

func TestParseImages(t *testing.T) {
	good := idx([]uint32{0x803, 2, 1, 3}, 1, 2, 3, 4, 5, 6)
	set, err := ParseImages(good)
	if err != nil {
		t.Fatal(err)
	}
	set.Labels = []uint8{7, 8}
	if set.Height != 1 || set.Width != 3 || !bytes.Equal(set.Picture(1), []byte{4, 5, 6}) {
		t.Errorf("got %+v", set)
	}
	if head := set.Head(1); head.Len() != 1 || len(head.Pixels) != 3 {
		t.Errorf("head: got %+v", head)
	}
	if head := set.Head(9); head.Len() != 2 {
		t.Errorf("head of more than all: got %d", head.Len())
	}
	for name, raw := range map[string][]byte{
		"empty":          nil,
		"label magic":    idx([]uint32{0x801, 2, 1, 3}, 1, 2, 3, 4, 5, 6),
		"one byte short": good[:len(good)-1],
		"one byte long":  append(bytes.Clone(good), 0),
		"no width":       idx([]uint32{0x803, 0, 1, 0}),
		"overflow":       idx([]uint32{0x803, 0xffffffff, 0xffffffff, 0xffffffff}, 1),
	} {
		if _, err := ParseImages(raw); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestParseLabels(t *testing.T) {
	labels, err := ParseLabels(idx([]uint32{0x801, 3}, 9, 0, 4))
	if err != nil || !bytes.Equal(labels, []byte{9, 0, 4}) {
		t.Errorf("got %v, %v", labels, err)
	}
	for name, raw := range map[string][]byte{
		"empty": nil, "picture magic": idx([]uint32{0x803, 1}, 1), "short": idx([]uint32{0x801, 2}, 1),
	} {
		if _, err := ParseLabels(raw); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLoadFashionNamesTheRemedy(t *testing.T) {
	_, _, err := LoadFashion(t.TempDir())
	if !errors.Is(err, ErrNoData) || !strings.Contains(err.Error(), "apt-get install") {
		t.Errorf("got %v", err)
	}
}

func TestLoadFashion(t *testing.T) {
	if _, err := os.Stat(DefaultDataDir); err != nil {
		t.Skip("Debian package dataset-fashion-mnist is not installed")
	}
	training, test, err := LoadFashion(DefaultDataDir)
	if err != nil {
		t.Fatal(err)
	}
	if training.Len() != 60000 || test.Len() != 10000 || test.Height != 28 || test.Width != 28 {
		t.Fatalf("got %d and %d pictures of %d × %d", training.Len(), test.Len(), test.Height, test.Width)
	}
	// The data set is balanced: 1,000 test pictures of every class.
	var count [10]int
	for _, l := range test.Labels {
		count[l]++
	}
	for c, n := range count {
		if n != 1000 {
			t.Errorf("class %d: %d pictures", c, n)
		}
	}
}

func FuzzParseImages(f *testing.F) {
	f.Add(idx([]uint32{0x803, 2, 1, 3}, 1, 2, 3, 4, 5, 6))
	f.Add(idx([]uint32{0x803, 0xffffffff, 1024, 1024}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		set, err := ParseImages(raw)
		if err == nil && len(set.Pixels)%(set.Height*set.Width) != 0 {
			t.Errorf("%d pixels do not divide into %d × %d", len(set.Pixels), set.Height, set.Width)
		}
	})
}

func FuzzParseLabels(f *testing.F) {
	f.Add(idx([]uint32{0x801, 3}, 9, 0, 4))
	f.Fuzz(func(t *testing.T, raw []byte) {
		labels, err := ParseLabels(raw)
		if err == nil && len(labels) != len(raw)-8 {
			t.Errorf("%d labels from %d bytes", len(labels), len(raw))
		}
	})
}
