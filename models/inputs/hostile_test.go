package inputs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"upset/models/tflite"
)

// What a damaged file may cost (our choice).
const (
	hostileSeconds = 5
	hostileBytes   = 256 << 20
	hostileText    = 1000 // characters of an error
)

// TestHostileInputs decodes damaged files of every form: an error in one line or inputs
// of the right size, in bounded time and memory.
func TestHostileInputs(t *testing.T) {
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, quarters(16, 16), nil); err != nil {
		t.Fatal(err)
	}
	raw := arrayOf(t, tflite.Int8, []int{4, 4, 3}, make([]byte, 48))
	for _, file := range []struct {
		name string
		data []byte
	}{
		{"x.png", pngOf(t, quarters(4, 4))},
		{"x.png", pngOf(t, image.NewGray16(image.Rect(0, 0, 2, 2)))},
		{"x.jpg", photo.Bytes()},
		{"x.wav", wavOf(1, 16, 1, 2, 3, 4)},
		{"x.wav", wavOf(2, 8, 1)},
		{"x.npy", raw},
		{"x.npz", archived(t, []byte("in.npy"), raw)},
	} {
		r := rand.New(rand.NewPCG(3, 4))
		for end := 0; end < len(file.data); end += 1 + len(file.data)/64 {
			endure(t, file.name, fmt.Sprintf("cut off after %d bytes", end), file.data[:end])
		}
		for range 200 {
			b, at := bytes.Clone(file.data), r.IntN(8*len(file.data))
			b[at/8] ^= 1 << (at % 8)
			endure(t, file.name, fmt.Sprintf("bit %d flipped", at), b)
		}
		for at := 0; at+4 <= min(len(file.data), 64); at++ {
			for _, v := range []uint32{0xffffffff, 0x7fffffff, 0} {
				b := bytes.Clone(file.data)
				binary.LittleEndian.PutUint32(b[at:], v)
				endure(t, file.name, fmt.Sprintf("word %#x at %d", v, at), b)
			}
		}
	}
}

// A picture that says it has billions of pixels is refused before they get memory, its
// checksum being right.
func TestHugePicture(t *testing.T) {
	b := pngOf(t, quarters(4, 4))
	binary.BigEndian.PutUint32(b[16:], 1<<30)
	binary.BigEndian.PutUint32(b[20:], 1<<30)
	crcFix(b)
	endure(t, "x.png", "2^60 pixels", b)
	if _, err := Decode("x.png", b, tensor(tflite.Int8, 1, -128, 1, 4, 4, 3), Options{Resize: true}); err == nil {
		t.Error("it is read")
	}
}

// endure decodes a file for networks with a picture and with a row of samples.
func endure(t *testing.T, name, what string, data []byte) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for _, net := range [][]int{{1, 4, 4, 3}, {1, 4}} {
		b := tensor(tflite.Int8, 1, -128, net...)
		list, err := Decode(name, data, b, Options{Resize: true})
		if err == nil {
			for _, in := range list {
				if len(in) != b[0].Size {
					t.Errorf("%s, %s: an input of %d bytes", name, what, len(in))
				}
			}
			continue
		}
		if text := err.Error(); strings.Contains(text, "\n") || len(text) > hostileText {
			t.Errorf("%s, %s: the error is %q", name, what, text)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > hostileBytes {
		t.Errorf("%s, %s: %d MiB", name, what, used>>20)
	}
	if s := time.Since(start).Seconds(); s > hostileSeconds {
		t.Errorf("%s, %s: %.1f s", name, what, s)
	}
}
