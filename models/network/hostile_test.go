package network

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"upset/models/container"
	"upset/npu/isa"
)

// What a damaged file may cost (our choice): far more than the whole one needs, and far
// less than what hurts a machine.
const (
	hostileSeconds = 10
	hostileBytes   = 512 << 20
	hostileText    = 2000 // characters of an error
)

// hostile are files of every form, by name.
func hostile(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{
		"raw":          archive(t, rawFiles(t, "u55-128/hello_world_int8")),
		"raw separate": archive(t, rawFiles(t, "sepio-u55-128/hello_world_int8")),
	}
	for name, path := range map[string]string{
		"source":     "zoo/user/tensorflow-hello_world_int8.tflite",
		"state":      "zoo/user/esphome-vad.tflite",
		"lstm":       "zoo/user/google-coral-keras_lstm_mnist_ptq.tflite",
		"COP1":       "vela51/u55-128/hello_world_int8_vela.tflite",
		"COP2":       "vela51/cop2-u55-128/hello_world_int8_vela.tflite",
		"separate":   "vela51/sepio-u55-128/hello_world_int8_vela.tflite",
		"ExecuTorch": "zoo/pte/arm-minimal-u55-128.pte",
		"one add":    "zoo/pte/himax-add-int32io-u55-64.pte",
		"no NPU":     "zoo/pte/cpu-only-add.pte",
	} {
		data, err := os.ReadFile(filepath.Join(shared(t), filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	return files
}

// damage calls try with damaged copies of a file: cut off, with single bits flipped, and
// with words that are huge counts, offsets to nowhere or offsets back to where they
// stand. The number of each kind is n.
func damage(file []byte, n int, try func(what string, b []byte)) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		end := len(file) * i / n
		try(fmt.Sprintf("cut off after %d bytes", end), bytes.Clone(file[:end]))
	}
	for range n {
		b, at := bytes.Clone(file), r.IntN(8*len(file))
		b[at/8] ^= 1 << (at % 8)
		try(fmt.Sprintf("bit %d flipped", at), b)
	}
	for _, v := range []uint32{0xffffffff, 0x7fffffff, 0x80000000, 0x00ffffff, 0, 4, 0xfffffffc} {
		for range n / 4 {
			b := bytes.Clone(file)
			at := 4 * r.IntN(len(file)/4)
			if r.IntN(2) == 0 { // tables lie at the ends of a file
				at = 4 * r.IntN(min(len(file)/4, 256))
			}
			binary.LittleEndian.PutUint32(b[at:], v)
			try(fmt.Sprintf("word %#x at %d", v, at), b)
		}
	}
}

// TestHostile opens damaged files of every form: an error in one line or a network, in
// bounded time and memory.
func TestHostile(t *testing.T) {
	n := 24
	if full() {
		n = 400
	}
	for name, file := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			damage(file, n, func(what string, b []byte) { survive(t, what, b) })
		})
	}
}

// survive opens a file in every way that there is.
func survive(t *testing.T, what string, b []byte) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	_, _, err := container.ConfigOf(b)
	oneLine(t, what, err)
	n, err := Open(b, isa.U55x128)
	oneLine(t, what, err)
	if err == nil {
		_, err = n.Whole(2)
		oneLine(t, what, err)
	}
	if container.FormName(b) == container.FormExecuTorch {
		_, err = OpenWith(context.Background(), b, isa.U55x128, Options{Alone: true, Delegate: 0})
		oneLine(t, what, err)
	}
	if s := time.Since(start).Seconds(); s > hostileSeconds {
		t.Errorf("%s: %.1f s", what, s)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > hostileBytes {
		t.Errorf("%s: %d MiB", what, used>>20)
	}
}

// oneLine holds an error against the rule that it is one clear line. What a file names
// may hold anything: the command line prints it without control characters.
func oneLine(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	text := err.Error()
	if strings.Contains(text, "\n") || len(text) > hostileText || strings.Contains(text, "%!") {
		t.Errorf("%s: the error has %d characters: %q", what, len(text), text[:min(len(text), 300)])
	}
}

// TestHostileArchives opens archives that are no honest ones.
func TestHostileArchives(t *testing.T) {
	good := rawFiles(t, "u55-128/hello_world_int8")
	with := func(edit func(files map[string][]byte)) []byte {
		files := map[string][]byte{}
		for name, data := range good {
			files[name] = data
		}
		edit(files)
		return archive(t, files)
	}
	for _, c := range []struct {
		what string
		data []byte
	}{
		{"a shape of 2^40", with(func(f map[string][]byte) {
			f["weight_data"] = npyBytes("|u1", "1099511627776,", nil)
		})},
		{"a negative shape", with(func(f map[string][]byte) { f["input_shape"] = npyInts("1, 4", 1, 1, 1, 0xffffffff) })},
		{"a shape whose product overflows", with(func(f map[string][]byte) {
			f["input_shape"] = npyInts("1, 4", 0x10000, 0x10000, 0x10000, 0x10000)
		})},
		{"an input behind the arena", with(func(f map[string][]byte) { f["input_offset"] = npyInts("1,", 0x7fffffff) })},
		{"an output before the arena", with(func(f map[string][]byte) { f["output_offset"] = npyInts("1,", 0xfffffff0) })},
		{"weights in the region of the arena", with(func(f map[string][]byte) { f["weight_region"] = npyInts("", 1) })},
		{"a region that there is not", with(func(f map[string][]byte) { f["scratch_region"] = npyInts("", 9) })},
		{"more offsets than shapes", with(func(f map[string][]byte) { f["input_offset"] = npyInts("3,", 0, 0, 0) })},
		{"a scratch of 4 GiB", with(func(f map[string][]byte) {
			f["scratch_shape"], f["scratch_size"] = npyInts("1,", 0xfffffff0), npyInts("", 0xfffffff0)
		})},
		{"objects of Python", with(func(f map[string][]byte) { f["cmd_data"] = npyBytes("|O", "4,", []byte("cos\nsystem")) })},
		{"ten thousand files", crowd(t, 10000)},
		{"names that climb", named(t, "../../cmd_data.npy")},
		{"an archive of archives", nested(t, archive(t, good), 40)},
	} {
		t.Run(c.what, func(t *testing.T) {
			survive(t, c.what, c.data)
			if _, err := Open(c.data, isa.U55x128); err == nil {
				t.Error("it opens")
			}
		})
	}
}

// zipOf writes an archive of files in order, which may share a name.
func zipOf(t *testing.T, names []string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func crowd(t *testing.T, n int) []byte {
	names := make([]string, n)
	for i := range names {
		names[i] = "cmd_data.npy"
	}
	return zipOf(t, names, npyInts("1,", 1))
}

func named(t *testing.T, name string) []byte { return zipOf(t, []string{name}, npyInts("1,", 1)) }

func nested(t *testing.T, inner []byte, n int) []byte {
	for range n {
		inner = zipOf(t, []string{"cmd_data.npy"}, inner)
	}
	return inner
}
