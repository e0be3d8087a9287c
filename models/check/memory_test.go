package check

import (
	"os"
	"path/filepath"
	"testing"

	"upset/models/container"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// sharedFile reads a file of the data folder.
func sharedFile(t *testing.T, name string) []byte {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared")
	if _, absent := os.Stat(root); os.IsNotExist(absent) {
		t.Skip("the data folder ../shared is absent")
	}
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// small is the default system with memories of other sizes.
func small(sram, flash uint32) npu.System {
	s := npu.DefaultSystem()
	s.Map = npu.DefaultMap()
	s.Map.SRAM.Size, s.Map.Flash.Size = sram, flash
	return s
}

// of is what lies in a memory.
func of(r *Report, p npu.Place) (m Memory) {
	for _, x := range r.Memory {
		if x.Place == p {
			m = x
		}
	}
	return m
}

// What a compiled file needs is exact: a memory of so many bytes has room for it, and one
// of fewer has not, which keeps it from running.
func TestMemoryOfStreamsIsExact(t *testing.T) {
	for _, name := range []string{
		"vela/ethos-u55-128/keyword_scrambled_8bit_vela.tflite", "zoo/vela/tensorflow-person_detect_vela-u55-256.tflite", "zoo/pte/arm-minimal-u55-128.pte",
	} {
		data := sharedFile(t, name)
		r := Examine(data, Choice{Config: isa.U55x128, Options: network.Options{System: npu.DefaultSystem()}})
		arena, flash := of(r, npu.InSRAM), of(r, npu.InFlash)
		if !r.Runs() || arena.Bytes == 0 || flash.Bytes == 0 || arena.About || flash.About || !arena.Fits() || !flash.Fits() {
			t.Fatalf("%s: %+v", name, r.Memory)
		}
		cfg, _, err := container.ConfigOf(data)
		if err != nil {
			t.Fatal(err)
		}
		n, err := network.Open(data, cfg)
		if err != nil {
			t.Fatal(err)
		}
		align := func(n int) int { return (n + 15) / 16 * 16 }
		want := align(len(n.Programs()[0].Flash)) // the constants of all streams of a file
		for _, p := range n.Programs() {
			want += align(4 * len(p.Commands))
		}
		if flash.Bytes != want {
			t.Errorf("%s: %d bytes of flash, not %d", name, flash.Bytes, want)
		}
		if r := Examine(data, Choice{Config: cfg, Options: network.Options{System: small(uint32(arena.Bytes), uint32(flash.Bytes))}}); !r.Runs() {
			t.Errorf("%s does not run in what it needs: %+v", name, r.Problems)
		}
		for _, s := range []npu.System{small(uint32(arena.Bytes)-16, 1<<20), small(1<<20, uint32(flash.Bytes)-16)} {
			if r := Examine(data, Choice{Config: cfg, Options: network.Options{System: s}}); r.Runs() {
				t.Errorf("%s runs in less than it needs: %+v", name, r.Memory)
			}
		}
	}
}

// What a source file needs is an estimate near what its compiled form takes, and keeps
// nothing from running.
func TestMemoryOfSourcesIsAbout(t *testing.T) {
	for _, name := range []string{
		"models/kws_ref_model.tflite", "models/str_ww_ref_model.tflite", "models/pretrainedResnet_quant.tflite", "zoo/user/tensorflow-person_detect.tflite",
		"zoo/user/esphome-okay_nabu.tflite", "zoo/user/OpenNuvoton-vww4_128_128_INT8.tflite",
	} {
		data := sharedFile(t, name)
		r := Examine(data, Choice{Config: isa.U55x128, Options: network.Options{System: npu.DefaultSystem()}})
		arena, flash := of(r, npu.InSRAM), of(r, npu.InFlash)
		if !r.Runs() || !arena.About || !arena.Fits() || !flash.About || !flash.Fits() {
			t.Errorf("%s: %+v, %+v", name, r.Memory, r.Problems)
		}
		less := Examine(data, Choice{Config: isa.U55x128, Options: network.Options{System: small(npu.DefaultMap().SRAM.Size, uint32(flash.Bytes)-16)}})
		if m := of(less, npu.InFlash); !less.Runs() || !m.About || m.Fits() {
			t.Errorf("%s in less flash: %+v, %+v", name, less.Memory, less.Problems)
		}
		n, err := network.Open(data, isa.U55x128)
		if err != nil {
			t.Fatal(err)
		}
		u := n.Usage()
		if x := float64(flash.Bytes) / float64(u.Constants); x < 0.8 || x > 1.25 {
			t.Errorf("%s: about %d bytes of flash, compiled %d", name, flash.Bytes, u.Constants)
		}
		if x := float64(arena.Bytes) / float64(u.Arena); x < 0.5 || x > 2 {
			t.Errorf("%s: about %d bytes of arena, compiled %d", name, arena.Bytes, u.Arena)
		}
	}
}
