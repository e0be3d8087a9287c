package main

import (
	"math"

	"upset/npu"
)

// preset is a named system.
type preset struct {
	name, about, source string
	change              func(f *systemFile)
}

// file is the system file of a preset.
func (p *preset) file() *systemFile {
	f := newSystemFile(npu.DefaultSystem())
	p.change(f)
	f.about = p.name + ": " + p.about + " Source: " + p.source
	return f
}

// Sources of the named systems.
const (
	sourceVela   = "Vela 3.10, vela.ini (clock, scales, latencies); bases and sizes: our choice."
	sourceKit    = "Arm ML embedded evaluation kit: timing adapters ta_config_u55_high_end, SRAM of 4 MiB; bases of Corstone-300; clock: our choice, that of Vela's system."
	sourceAlif   = "Alif Ensemble, Vela systems of its evaluation kit (clock, scales, latencies); bases and sizes: data sheet of the E7."
	sourceWE2    = "Clock: product brief; 43 MB/s: fits the time of whole calls of two networks (inferred); all else: our choice."
	mebibyte     = 1 << 20
	highEndClock = 500_000_000
	deepClock    = 200_000_000
	we2Clock     = 400_000_000
	we2Flash     = 43e6 // bytes a second
)

// presets are the public reference systems.
var presets = []preset{
	{"high-end-shared", "Ethos_U55_High_End_Embedded with Shared_Sram: weights in flash, arena in SRAM. The timing is the default.", sourceVela,
		func(f *systemFile) { highEnd(f) }},
	{"high-end-sram-only", "Ethos_U55_High_End_Embedded with Sram_Only: weights in SRAM, too.", sourceVela,
		func(f *systemFile) { highEnd(f); sramOnly(f) }},
	{"high-end-dedicated", "Ethos_U55_High_End_Embedded with Dedicated_Sram: arena in DRAM behind port 1 with the timing of the flash, 384 KiB of SRAM as fast scratch memory.", sourceVela,
		func(f *systemFile) { highEnd(f); dedicated(f) }},
	{"deep-shared", "Ethos_U55_Deep_Embedded with Shared_Sram: weights in slow flash, arena in SRAM.", sourceVela,
		func(f *systemFile) { deep(f) }},
	{"deep-sram-only", "Ethos_U55_Deep_Embedded with Sram_Only: weights in SRAM, too.", sourceVela,
		func(f *systemFile) { deep(f); sramOnly(f) }},
	{"deep-dedicated", "Ethos_U55_Deep_Embedded with Dedicated_Sram: arena in DRAM behind port 1 with the timing of the flash, 384 KiB of SRAM as fast scratch memory.", sourceVela,
		func(f *systemFile) { deep(f); dedicated(f) }},
	{"corstone-300", "Corstone-300 as the ML evaluation kit sets it up, Shared_Sram.", sourceKit,
		func(f *systemFile) { corstone(f) }},
	{"corstone-300-sram-only", "Corstone-300 as the ML evaluation kit sets it up, Sram_Only.", sourceKit,
		func(f *systemFile) { corstone(f); sramOnly(f) }},
	{"alif-ensemble-he", "Alif Ensemble, high-efficiency core: weights in MRAM, arena in SRAM.", sourceAlif,
		func(f *systemFile) { alif(f, 160_000_000, 1, 13, 0.303, 24) }},
	{"alif-ensemble-hp", "Alif Ensemble, high-performance core: weights in MRAM, arena in SRAM.", sourceAlif,
		func(f *systemFile) { alif(f, 400_000_000, 0.762, 29, 0.121, 60) }},
	{"alif-ensemble-hp-ospi", "Alif Ensemble, high-performance core: weights in serial flash, arena in SRAM.", sourceAlif,
		func(f *systemFile) {
			alif(f, 400_000_000, 0.762, 29, 0.052, 108)
			f.Flash.Base, f.Flash.Size = 0xc0000000, 64*mebibyte
		}},
	{"alif-ensemble-hp-sram-only", "Alif Ensemble, high-performance core: weights in SRAM, too.", sourceAlif,
		func(f *systemFile) {
			alif(f, 400_000_000, 1, 29, 0.121, 60)
			sramOnly(f)
		}},
	{"himax-we2", "Himax WiseEye2: weights in serial flash that is far slower than the NPU, arena in SRAM.", sourceWE2,
		func(f *systemFile) {
			f.Clock = we2Clock
			f.Flash.scale(we2Flash/(8*float64(we2Clock)), 64)
		}},
}

// scale sets the time of a beat from the part of the NPU's bandwidth (64 bits a cycle)
// that a memory has, and its latency in cycles.
func (m *memoryFile) scale(part float64, latency number) {
	permille := number(math.Round(1000 / part))
	m.BeatInterval, m.BeatPermille = permille/1000, permille%1000
	m.ReadLatency, m.WriteLatency = latency, latency
}

func highEnd(f *systemFile) { f.Clock = highEndClock }

// deep has a slower clock and half the bandwidth of the flash.
func deep(f *systemFile) {
	f.Clock = deepClock
	f.Flash.scale(1.0/16, 64)
}

// sramOnly puts all regions and the commands into SRAM, behind port 0.
func sramOnly(f *systemFile) {
	f.SRAM.Size = max(f.SRAM.Size, 4*mebibyte)
	f.Places.Constants = npu.InSRAM.String()
	f.AXI0.Regions, f.AXI1.Regions = regionsOf(0xff, true), regionsOf(0, false)
}

// dedicated puts the arena into DRAM and keeps the SRAM for the fast scratch memory. Its
// size is the cache of Vela's mode. What is in region 3 and up lies in the arena.
func dedicated(f *systemFile) {
	f.SRAM.Size = 384 << 10
	f.DRAM = f.Flash
	f.DRAM.Base, f.DRAM.Size = 0x60000000, 256*mebibyte
	f.Places.Arena = npu.InDRAM.String()
	f.AXI0.Regions, f.AXI1.Regions = regionsOf(1<<2, false), regionsOf(^uint8(1<<2), true)
}

// corstone has the timing adapters of the kit (ta_config_u55_high_end): eight reads and
// writes on the SRAM, which is blocked for one cycle of 4,000; two reads on the external
// memory, where 50 beats pass in 400 cycles, in the first 320 of them.
func corstone(f *systemFile) {
	f.Clock = highEndClock
	f.SRAM.Size = 4 * mebibyte
	f.SRAM.adapter(8, 8, 3999, 1, 4000)
	f.Flash.Size = 256 * mebibyte
	f.Flash.BeatInterval, f.Flash.WriteLatency = 1, 1
	f.Flash.adapter(2, 0, 320, 80, 50)
}

// adapter sets a timing adapter before a memory.
func (m *memoryFile) adapter(reads, writes, on, off, beats number) {
	m.PendingReads, m.PendingWrites, m.PulseOn, m.PulseOff, m.PulseBeats = reads, writes, on, off, beats
}

// alif has SRAM0 of 4 MiB and MRAM of 5.5 MiB.
func alif(f *systemFile, clock number, sram float64, sramLatency number, flash float64, flashLatency number) {
	f.Clock = clock
	f.SRAM.Base, f.SRAM.Size = 0x02000000, 4*mebibyte
	f.Flash.Base, f.Flash.Size = 0x80000000, 11*mebibyte/2
	f.SRAM.scale(sram, sramLatency)
	f.Flash.scale(flash, flashLatency)
}
