package inputs

import (
	"hash/crc32"
	"image"
	"testing"

	"encoding/binary"

	"upset/models/tflite"
)

// crcFix makes the checksum of a PNG's header right again.
func crcFix(file []byte) {
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
}

func fuzz(f *testing.F, name string, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	net := tensor(tflite.Int8, 1, -128, 1, 4, 4, 3)
	row := tensor(tflite.Int16, 1, 0, 1, 4)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range []Options{{}, {Resize: true}} {
			list, err := Decode(name, data, net, o)
			for _, in := range list {
				if err == nil && len(in) != net[0].Size {
					t.Errorf("an input of %d bytes", len(in))
				}
			}
		}
		list, err := Decode(name, data, row, Options{})
		for _, in := range list {
			if err == nil && len(in) != row[0].Size {
				t.Errorf("an input of %d bytes", len(in))
			}
		}
	})
}

func FuzzPicture(f *testing.F) {
	fuzz(f, "x.png", pngOf(f, quarters(4, 4)), pngOf(f, image.NewGray16(image.Rect(0, 0, 2, 2))))
}

func FuzzWAV(f *testing.F) { fuzz(f, "x.wav", wavOf(1, 16, 1, 2, 3, 4), wavOf(2, 8, 1)) }

func FuzzNPZ(f *testing.F) {
	a := arrayOf(f, tflite.Int8, []int{4, 4, 3}, make([]byte, 48))
	fuzz(f, "x.npz", archived(f, []byte("in.npy"), a), archived(f, []byte("a"), a, []byte("b"), a))
}

func FuzzLabels(f *testing.F) {
	f.Add([]byte("a 1\nb 2"), true)
	f.Add([]byte("file,class\na,1"), false)
	f.Fuzz(func(t *testing.T, data []byte, text bool) {
		file := "labels.csv"
		if text {
			file = "labels.txt"
		}
		list, err := ParseLabels(file, data, []string{"a", "b"})
		if err == nil && len(list) != 2 {
			t.Errorf("%d labels", len(list))
		}
	})
}
