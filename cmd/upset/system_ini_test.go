package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/npu"
)

// vendorINI has the form of a vendor's file, with numbers of our own.
const vendorINI = `; systems of a vendor
[System_Config.Board]
core_clock=160e6
axi0_port=Sram
axi1_port=OnChipFlash
Sram_clock_scale=1.0
Sram_burst_length=8
Sram_read_latency=13
Sram_write_latency=11
OnChipFlash_clock_scale=0.3030 # MRAM
OnChipFlash_read_latency=24

[System_Config.Board_DRAM]
inherit=System_Config.Board
axi1_port=Dram
Dram_clock_scale=0.25
Dram_read_latency=500
Dram_write_latency=250

[Memory_Mode.Sram_Only]
const_mem_area=Axi0
arena_mem_area=Axi0
cache_mem_area=Axi0
[Memory_Mode.Shared_Sram]
const_mem_area=Axi1
arena_mem_area=Axi0
[Memory_Mode.Shared_4M]
inherit=Memory_Mode.Shared_Sram
arena_cache_size=4194304
[Memory_Mode.Dedicated_Sram]
const_mem_area=Axi1
arena_mem_area=Axi1
cache_mem_area=Axi0
arena_cache_size=393216
`

// TestINI reads memories, ports and clock, with what is inherited.
func TestINI(t *testing.T) {
	read := func(config, mode string) (*systemFile, npu.System) {
		f, err := parseINI([]byte(vendorINI), config, mode)
		if err != nil {
			t.Fatalf("%s, %s: %v", config, mode, err)
		}
		s, err := f.system()
		if err != nil {
			t.Fatal(err)
		}
		return f, s
	}
	f, s := read("Board", "Shared_4M")
	if f.Clock != 160_000_000 || s.SRAM != (npu.Timing{BeatInterval: 1, ReadLatency: 13, WriteLatency: 11}) ||
		s.Flash != (npu.Timing{BeatInterval: 3, Permille: 300, ReadLatency: 24, WriteLatency: 64}) || s.Map.SRAM.Size != 4<<20 || s.Map.Port1 != 1 {
		t.Errorf("shared: %+v", s)
	}
	if _, s = read("Board", "Sram_Only"); s.Map.Constants != npu.InSRAM || s.Map.Port1 != 0 || s.Map.Commands != 0 {
		t.Errorf("SRAM only: %+v", s.Map)
	}
	_, s = read("Board_DRAM", "Dedicated_Sram")
	if s.DRAM != (npu.Timing{BeatInterval: 4, ReadLatency: 500, WriteLatency: 250}) || s.Map.Arena != npu.InDRAM || s.Map.Constants != npu.InDRAM ||
		s.Map.Fast != npu.InSRAM || s.Map.Port1 != 0xff&^(1<<2) || s.Map.SRAM.Size != 384<<10 {
		t.Errorf("dedicated: %+v", s)
	}
	for _, c := range []struct{ config, mode, want string }{
		{"Other", "Sram_Only", "one of Board, Board_DRAM"}, {"", "Sram_Only", "give FILE.ini"}, {"Board", "x", "memory mode"}, {"Board", "Dedicated_Sram", "does not write"},
	} {
		if _, err := parseINI([]byte(vendorINI), c.config, c.mode); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v, want %q", c.config, c.mode, err, c.want)
		}
	}
	for _, text := range []string{
		"", "core_clock=1", "[System_Config.A", "[System_Config.A]\nnonsense", "[System_Config.A]\n[Memory_Mode.B]",
		"[System_Config.A]\naxi0_port=Tape\naxi1_port=Sram\n[Memory_Mode.B]", "[System_Config.A]\ninherit=System_Config.A\n[Memory_Mode.B]\nconst_mem_area=Axi0",
		strings.Replace(vendorINI, "0.3030", "nan", 1), strings.Replace(vendorINI, "0.3030", "-1", 1), strings.Replace(vendorINI, "4194304", "1e11", 1),
		strings.Replace(vendorINI, "axi0_port=Sram", "axi0_port=OffChipFlash", 1), strings.Repeat("\n", maxINILines+1),
	} {
		if _, err := parseINI([]byte(text), "", ""); err == nil {
			t.Errorf("%.60q is read", text)
		}
		if _, err := parseINI([]byte(text), "Board", "Shared_4M"); err == nil {
			t.Errorf("%.60q is read", text)
		}
	}
}

// TestINIOnCommandLine runs a network on a vendor's memories.
func TestINIOnCommandLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "vela.ini")
	if err := os.WriteFile(file, []byte(vendorINI), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, codeDone, "run", tiny, "--system", file+":Board:Shared_Sram")
	o := mustRun(t, codeDone, "system", file+":Board_DRAM:Dedicated_Sram")
	if !strings.Contains(o.out, "arena: dram") || !strings.Contains(o.out, "clock_hz: 160000000") {
		t.Errorf("printed: %s", o.out)
	}
	mustRun(t, codeUsage, "run", tiny, "--system", file)
	mustRun(t, codeUsage, "run", tiny, "--system", file+":Board:")
	mustRun(t, codeUsage, "run", tiny, "--system", filepath.Join(t.TempDir(), "absent.ini"))
}

// FuzzINI reads damaged files: a system that is accepted is one that prints and is read
// back.
func FuzzINI(f *testing.F) {
	f.Add([]byte(vendorINI), "Board", "Shared_4M")
	f.Add([]byte(vendorINI), "Board_DRAM", "Dedicated_Sram")
	f.Add([]byte("carriage\rreturn\n"), "", "")
	f.Add([]byte("[System_Config.A]\ninherit=System_Config.A\n[Memory_Mode.B]\n"), "", "")
	f.Fuzz(func(t *testing.T, data []byte, config, mode string) {
		file, err := parseINI(data, config, mode)
		if err != nil {
			if strings.ContainsAny(fmt.Sprint(err), "\n\r\x1b") {
				t.Errorf("the message is more than a line: %q", err)
			}
			return
		}
		want, err := file.system()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := file.write(&b); err != nil {
			t.Fatal(err)
		}
		if got, err := parseSystem(b.Bytes()); err != nil || got != want {
			t.Fatalf("%+v, %v; want %+v", got, err, want)
		}
	})
}
