package inputs

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/models/network"
	"upset/models/tflite"
)

// tensor is one input of a network.
func tensor(typ tflite.Type, scale float32, zero int64, shape ...int) []network.Binding {
	size := typ.Size()
	for _, n := range shape {
		size *= n
	}
	return []network.Binding{{Name: "in", Type: typ, Shape: shape, Size: size, Quant: tflite.Quantization{Scale: []float32{scale}, ZeroPoint: []int64{zero}}}}
}

// floats is a .npy file of float32.
func floats(t testing.TB, shape []int, values ...float32) []byte {
	t.Helper()
	var data []byte
	for _, x := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
	}
	return arrayOf(t, tflite.Float32, shape, data)
}

func arrayOf(t testing.TB, typ tflite.Type, shape []int, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteNPY(&b, typ, shape, data); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func archived(t testing.TB, files ...[]byte) []byte { // name, contents, …
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(string(files[i]))
		if err == nil {
			_, err = w.Write(files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// one decodes a file that holds one input.
func one(t *testing.T, name string, data []byte, net []network.Binding, o Options) []byte {
	t.Helper()
	list, err := Decode(name, data, net, o)
	if err != nil || len(list) != 1 {
		t.Fatalf("%s: %d inputs, %v", name, len(list), err)
	}
	return list[0]
}

// Floats become what the reference kernel of QUANTIZE makes of them: ties away from zero,
// clamped.
func TestFloatsAreQuantised(t *testing.T) {
	file := floats(t, []int{6}, 0, 0.25, -0.25, 0.74, 1000, -1000)
	if got := one(t, "x.npy", file, tensor(tflite.Int8, 0.5, 3, 1, 6), Options{}); !bytes.Equal(got, []byte{3, 4, 2, 4, 127, 128}) {
		t.Errorf("int8: %v", got)
	}
	if got := one(t, "x.npy", file, tensor(tflite.Uint8, 0.5, 3, 1, 6), Options{}); !bytes.Equal(got, []byte{3, 4, 2, 4, 255, 0}) {
		t.Errorf("uint8: %v", got)
	}
	if got := one(t, "x.npy", file, tensor(tflite.Int16, 0.5, 0, 1, 6), Options{}); !bytes.Equal(got, []byte{0, 0, 1, 0, 0xff, 0xff, 1, 0, 0xd0, 7, 0x30, 0xf8}) {
		t.Errorf("int16: %v", got)
	}
	if got := one(t, "x.npy", file, tensor(tflite.Float32, 0, 0, 1, 6), Options{}); len(got) != 24 {
		t.Errorf("float32: %d bytes", len(got))
	}
	if _, err := Decode("x.npy", floats(t, []int{1}, float32(math.NaN())), tensor(tflite.Int8, 1, 0, 1), Options{}); err == nil {
		t.Error("a value that is no number is accepted")
	}
}

func TestArraysOfSeveralInputs(t *testing.T) {
	net := tensor(tflite.Int8, 1, 0, 1, 2, 2, 1)
	list, err := Decode("x.npy", arrayOf(t, tflite.Int8, []int{3, 2, 2}, []byte("abcdefghijkl")), net, Options{})
	if err != nil || len(list) != 3 || string(list[1]) != "efgh" {
		t.Errorf("%q, %v", list, err)
	}
	for name, file := range map[string][]byte{
		"other shape": arrayOf(t, tflite.Int8, []int{4, 1, 2}, []byte("abcdefgh")), "other type": arrayOf(t, tflite.Int32, []int{2, 2}, make([]byte, 16)),
		"none": arrayOf(t, tflite.Int8, []int{0, 2, 2}, nil), "cut": arrayOf(t, tflite.Int8, []int{2, 2}, []byte("abc")),
		"big-endian": bytes.Replace(floats(t, []int{2, 2}, 1, 2, 3, 4), []byte("<f4"), []byte(">f4"), 1),
	} {
		if _, err := Decode("x.npy", file, net, Options{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	two := append(tensor(tflite.Int8, 1, 0, 2), tensor(tflite.Int8, 0.5, 0, 3)...)
	two[1].Name = "other"
	a, b := arrayOf(t, tflite.Int8, []int{2}, []byte("ab")), floats(t, []int{3}, 1, 2, 3)
	for name, file := range map[string][]byte{
		"by name": archived(t, []byte("other.npy"), b, []byte("in.npy"), a), "by order": archived(t, []byte("arr_0.npy"), a, []byte("arr_1.npy"), b),
	} {
		if got := one(t, "x.npz", file, two, Options{}); string(got) != "ab\x02\x04\x06" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if _, err := Decode("x.npz", archived(t, []byte("a.npy"), a), two, Options{}); err == nil || !strings.Contains(err.Error(), "other int8 [3]") {
		t.Errorf("an array is missing: %v", err)
	}
	if _, err := Decode("x.npy", a, two, Options{}); err == nil {
		t.Error("one array is taken for two inputs")
	}
}

// A small archive that unpacks to gigabytes costs bounded memory and is refused.
func TestArchiveBombIsRefused(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("in.npy")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range maxFile>>20 + 1 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Decode("x.npz", b.Bytes(), tensor(tflite.Int8, 1, 0, 4), Options{}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("%v", err)
	}
}

// quarters is a picture of four colours.
func quarters(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{uint8(255 * (2 * x / w)), uint8(255 * (2 * y / h)), 51, 255})
		}
	}
	return m
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPictures(t *testing.T) {
	file := pngOf(t, quarters(2, 2))
	pixels := []byte{0, 0, 51, 255, 0, 51, 0, 255, 51, 255, 255, 51}
	minus := func(n int) (out []byte) {
		for _, p := range pixels {
			out = append(out, byte(int(p)-n))
		}
		return out
	}
	for _, c := range []struct {
		name string
		net  []network.Binding
		o    Options
		want []byte
	}{
		{"0..1", tensor(tflite.Int8, 1.0/255, -128, 1, 2, 2, 3), Options{}, minus(128)},
		{"0..255", tensor(tflite.Int8, 1, -128, 1, 2, 2, 3), Options{}, minus(128)},
		{"-1..1", tensor(tflite.Int8, 2.0/255, -1, 1, 2, 2, 3), Options{}, []byte{128, 128, 178, 126, 128, 178, 128, 126, 178, 126, 126, 178}},
		{"uint8", tensor(tflite.Uint8, 1.0/255, 0, 1, 2, 2, 3), Options{}, pixels},
		{"declared", tensor(tflite.Int8, 1, 0, 1, 2, 2, 3), Options{Scale: &Scale{Mean: []float32{0, 0, 50}, Std: []float32{255, 255, 1}}}, []byte{0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1}},
		{"planes", tensor(tflite.Uint8, 1, 0, 1, 3, 2, 2), Options{Scale: &usual[2]}, []byte{0, 255, 0, 255, 0, 0, 255, 255, 51, 51, 51, 51}},
		{"grey", tensor(tflite.Uint8, 1, 0, 1, 4), Options{}, []byte{5, 82, 156, 232}},
	} {
		if got := one(t, "x.png", file, c.net, c.o); !bytes.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := one(t, "x.PNG", pngOf(t, quarters(6, 4)), tensor(tflite.Uint8, 1, 0, 2, 2, 3), Options{Resize: true}); !bytes.Equal(got, pixels) {
		t.Errorf("resized: %v", got)
	}
	var j bytes.Buffer
	if err := jpeg.Encode(&j, quarters(16, 16), &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	if got := one(t, "x.jpeg", j.Bytes(), tensor(tflite.Uint8, 1, 0, 16, 16, 3), Options{}); len(got) != 768 || got[0] > 8 || got[3*255] < 247 {
		t.Errorf("JPEG: %v", got)
	}
}

func TestPicturesThatDoNotFit(t *testing.T) {
	for want, c := range map[string]struct {
		file []byte
		net  []network.Binding
	}{
		"2 wide and 2 high, the network takes 3 by 4": {pngOf(t, quarters(2, 2)), tensor(tflite.Uint8, 1, 0, 1, 4, 3, 3)},
		"no picture":    {[]byte("abc"), tensor(tflite.Uint8, 1, 0, 1, 4, 3, 3)},
		"which is no":   {pngOf(t, quarters(2, 2)), tensor(tflite.Uint8, 1, 0, 2, 3, 4, 5)},
		"--image-scale": {pngOf(t, quarters(2, 2)), tensor(tflite.Int8, 0.008137832, -70, 2, 2, 3)},
		"damaged":       {pngOf(t, quarters(2, 2))[:50], tensor(tflite.Uint8, 1, 0, 1, 2, 2, 3)},
	} {
		if _, err := Decode("x.png", c.file, c.net, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	// A header that promises a picture beyond all memory.
	huge := pngOf(t, quarters(2, 2))
	binary.BigEndian.PutUint32(huge[16:], 1<<30)
	binary.BigEndian.PutUint32(huge[20:], 1<<30)
	crcFix(huge)
	if _, err := Decode("x.png", huge, tensor(tflite.Uint8, 1, 0, 1, 2, 2, 3), Options{Resize: true}); err == nil {
		t.Error("a huge picture is accepted")
	}
}

func TestScales(t *testing.T) {
	for _, text := range []string{"0..1", "-1..1", "imagenet", "-0.5..0.5", "mean:127.5,std:127.5", "mean:1/2/3,std:4/5/6"} {
		s, err := ParseScale(text)
		if err != nil || s.Name != text {
			t.Errorf("%s: %+v, %v", text, s, err)
		}
	}
	for _, c := range [][2][]float32{{{1}, {2}}, {{1, 2, 3}, {1, 2, 3}}} {
		if s := ScaleOf(c[0], c[1]); s == nil || s.at(5, 0) != (5-c[0][0])/c[1][0] {
			t.Errorf("%v: %+v", c, s)
		}
	}
	nan := float32(math.NaN())
	for _, c := range [][2][]float32{{}, {{1}, {0}}, {{1}, {1, 2}}, {{1, 2}, {1, 2}}, {{nan}, {1}}, {{1}, {nan}}} {
		if s := ScaleOf(c[0], c[1]); s != nil {
			t.Errorf("%v: %+v", c, s)
		}
	}
	for _, text := range []string{"", "1", "1..0", "0..x", "mean:1", "mean:1,std:0", "mean:1/2,std:1/2", "mean:1,std:1/2/3", "mean:NaN,std:1", "0..Inf", "1..1.0000000001"} {
		if s, err := ParseScale(text); err == nil {
			t.Errorf("%q: %+v", text, s)
		}
	}
}

// wavOf is a file of 16-bit samples.
func wavOf(channels, bits int, samples ...int16) []byte {
	var data []byte
	for _, x := range samples {
		data = binary.LittleEndian.AppendUint16(data, uint16(x))
	}
	le := binary.LittleEndian
	f := append([]byte("RIFF\x00\x00\x00\x00WAVEodd \x01\x00\x00\x00x\x00fmt \x10\x00\x00\x00"), 1, 0, byte(channels), 0, 0x80, 0x3e, 0, 0, 0, 0x7d, 0, 0, 2, 0, byte(bits), 0)
	return append(le.AppendUint32(append(f, "data"...), uint32(len(data))), data...)
}

func TestSound(t *testing.T) {
	file := wavOf(1, 16, 0, 16384, -32768, 32767, 1)
	list, err := Decode("x.wav", file, tensor(tflite.Int8, 1.0/128, 0, 1, 2), Options{})
	if err != nil || len(list) != 2 || !slices.Equal(list[0], []byte{0, 64}) || !slices.Equal(list[1], []byte{128, 127}) {
		t.Errorf("%v, %v", list, err)
	}
	if got := one(t, "x.wav", file, tensor(tflite.Int16, 1, 0, 1, 5), Options{}); int16(binary.LittleEndian.Uint16(got[2:])) != 16384 {
		t.Errorf("whole numbers: %v", got)
	}
	for want, c := range map[string]struct {
		file []byte
		net  []network.Binding
	}{
		"no row of samples": {file, tensor(tflite.Int8, 1, 0, 1, 2, 3)}, "2 channels": {wavOf(2, 16, 1, 2), tensor(tflite.Int8, 1, 0, 2)},
		"24-bit": {wavOf(1, 24, 1, 2), tensor(tflite.Int8, 1, 0, 2)}, "0 frames": {wavOf(1, 16, 1), tensor(tflite.Int8, 1, 0, 2)},
		"no WAV": {[]byte("RIFF"), tensor(tflite.Int8, 1, 0, 2)}, "no samples": {file[:46], tensor(tflite.Int8, 1, 0, 2)},
	} {
		if _, err := Decode("x.wav", c.file, c.net, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// Sound of another rate than the network takes is refused; where nothing says what it
// takes, the rate is told.
func TestSampleRate(t *testing.T) {
	file, net := wavOf(1, 16, 1, 2), tensor(tflite.Int16, 1, 0, 2)
	var heard []int
	o := Options{Unsure: func(rate int) { heard = append(heard, rate) }}
	if _, err := Decode("x.wav", file, net, o); err != nil || !slices.Equal(heard, []int{16000}) {
		t.Errorf("%v, %v", heard, err)
	}
	o.Rate = 16000
	if _, err := Decode("x.wav", file, net, o); err != nil || len(heard) != 1 {
		t.Errorf("%v, %v", heard, err)
	}
	o.Rate = 8000
	if _, err := Decode("x.wav", file, net, o); err == nil || !strings.Contains(err.Error(), "16000 samples per second, the network takes 8000") || !strings.Contains(err.Error(), "-ar 8000") {
		t.Errorf("%v", err)
	}
}

func TestFolder(t *testing.T) {
	dir, net := t.TempDir(), tensor(tflite.Int8, 1, 0, 2)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("b.npy", string(arrayOf(t, tflite.Int8, []int{2, 2}, []byte("cdef"))))
	write("a.bin", "ab")
	write("out_00.bin", "not an input")
	write("readme.txt", "nor this")
	s, err := Folder(dir, net, Options{})
	if err != nil || !slices.Equal(s.Names, []string{"a.bin", "b.npy#0", "b.npy#1"}) || string(s.Data[2]) != "ef" || s.Labels != nil {
		t.Fatalf("%+v, %v", s, err)
	}
	write("labels.txt", "3\n1\n2\n")
	if s, err = Folder(dir, net, Options{}); err != nil || !slices.Equal(s.Labels, []int{3, 1, 2}) {
		t.Errorf("%+v, %v", s, err)
	}
	write("labels.csv", "file,class\nb.npy#1,7\n")
	if s, err = Folder(dir, net, Options{}); err != nil || !slices.Equal(s.Labels, []int{NoLabel, NoLabel, 7}) {
		t.Errorf("%+v, %v", s, err)
	}
	write("in_00.bin", "xy") // from here on a.bin is something else
	write("labels.csv", "")
	if s, err = Folder(dir, net, Options{}); err != nil || s.Names[0] != "b.npy#0" || s.Names[2] != "in_00.bin" {
		t.Errorf("%+v, %v", s, err)
	}
	write("in_seq.bin", "stuvwx")
	if s, err = Folder(dir, net, Options{}); err != nil || len(s.Data) != 3 {
		t.Errorf("a sequence is taken for an input: %+v, %v", s, err)
	}
	if s, err = Folder(dir, net, Options{Frames: 3}); err != nil || len(s.Data) != 3 || string(s.Data[2]) != "wx" {
		t.Errorf("a sequence gives %+v, %v", s, err)
	}
	write("in_01.bin", "xyz")
	if _, err = Folder(dir, net, Options{}); err == nil || !strings.Contains(err.Error(), "3 bytes, the network takes 2") {
		t.Errorf("%v", err)
	}
	if _, err = Folder(t.TempDir(), net, Options{}); err == nil {
		t.Error("an empty folder is accepted")
	}
}

func TestLabels(t *testing.T) {
	names := []string{"a.png", "b.png"}
	for text, want := range map[string][]int{"a.png 5": {5, NoLabel}, "b.png 1\na.png 0\n": {0, 1}, "4\n\n9\n": {4, 9}, "class\n4\n9": {4, 9}} {
		if got, err := ParseLabels("labels.txt", []byte(text), names); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"1", "1\n2\n3", "c.png 1", "a.png -1", "a.png 1\nb.png dog", "1\n99999999"} {
		if got, err := ParseLabels("labels.txt", []byte(text), names); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
