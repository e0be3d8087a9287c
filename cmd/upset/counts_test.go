package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"upset/faults/campaign"
	"upset/models/network"
	"upset/models/npy"
	"upset/models/tflite"
	"upset/npu/isa"
	"upset/npu/mlw"
)

// A count in a binary file is checked against the bytes that are there before anything
// is allocated for it: whichever word of a file becomes huge, reading it costs little.
func TestHugeCountsCostNothing(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", fewInputs(t), "--injections", "200", "--out", dir)
	readers := map[string]struct {
		data []byte
		read func(data []byte) error
	}{
		"model": {readTestFile(t, tiny), func(data []byte) error { _, err := tflite.Parse(data); return err }},
		"array": {[]byte("\x93NUMPY\x02\x00\x46\x00\x00\x00{'descr': '|i1', 'fortran_order': False, 'shape': (999999999999, 2), }   \n12345678"), func(data []byte) error {
			_, err := npy.Parse(data)
			return err
		}},
		"log": {readTestFile(t, filepath.Join(dir, "records.log")), func(data []byte) error {
			to := t.TempDir()
			if err := os.WriteFile(filepath.Join(to, "records.log"), data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := campaign.Load(to)
			return err
		}},
		"weights": {slices.Repeat([]byte{0x55, 0, 0xff, 0x81, 7, 0x33, 0x12, 0x90}, 40), func(data []byte) error { _, err := mlw.Decode(data, 4096); return err }},
	}
	if files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "vela", "ethos-u55-128", "ops", "*_vela.tflite")); len(files) > 0 {
		config, err := isa.ParseConfig("u55-128")
		if err != nil {
			t.Fatal(err)
		}
		readers["container"] = struct {
			data []byte
			read func(data []byte) error
		}{readTestFile(t, files[0]), func(data []byte) error {
			m, err := tflite.Parse(data)
			if err == nil {
				_, err = network.FromVela(m, config)
			}
			return err
		}}
	}
	for what, r := range readers {
		const tries, most = 600, 32 << 20
		step := max(4, len(r.data)/tries&^3)
		refused := 0
		for at := 0; at+4 <= len(r.data); at += step {
			for _, n := range []uint32{1<<32 - 1, 1<<31 - 1, 1 << 24} {
				data := slices.Clone(r.data)
				binary.LittleEndian.PutUint32(data[at:], n)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := r.read(data)
				runtime.ReadMemStats(&after)
				if err != nil {
					refused++
				}
				if got := after.TotalAlloc - before.TotalAlloc; got > most {
					t.Errorf("%s: with %#x at %d, %d bytes take %d (%v)", what, n, at, len(data), got, err)
				}
			}
		}
		t.Logf("%s: %d of %d bytes changed, %d refused", what, len(r.data)/step, len(r.data), refused)
	}
}
