package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"upset/npu"
)

// Limits of a system file, so that a slip of the pen does not make a run endless
// (our choice).
const (
	maxInterval = 1024
	maxLatency  = 100_000
	maxYAML     = 1 << 20
	maxClock    = 10_000_000_000 // Hz
	maxMemory   = 512 << 20      // bytes of one memory
	maxPending  = 64             // bursts at a timing adapter
)

// systemFile is the YAML form of npu.System. What a file leaves out keeps its
// default.
type systemFile struct {
	Clock  number     `yaml:"clock_hz"`
	SRAM   memoryFile `yaml:"sram"`
	Flash  memoryFile `yaml:"flash"`
	DRAM   memoryFile `yaml:"dram"`
	Places placesFile `yaml:"places"`
	AXI0   portFile   `yaml:"axi0"`
	AXI1   portFile   `yaml:"axi1"`
	Limits limitsFile `yaml:"limits"`

	about string // of a named system: what it is and where it comes from
}

// memoryFile describes one memory: where it lies, and its timing in cycles of the NPU's
// clock.
type memoryFile struct {
	Base         address `yaml:"base"`
	Size         number  `yaml:"size"`
	BeatInterval number  `yaml:"beat_interval"`
	BeatPermille number  `yaml:"beat_permille"`
	ReadLatency  number  `yaml:"read_latency"`
	WriteLatency number  `yaml:"write_latency"`

	PendingReads  number `yaml:"pending_reads"`
	PendingWrites number `yaml:"pending_writes"`
	Pending       number `yaml:"pending"`
	PulseOn       number `yaml:"pulse_on"`
	PulseOff      number `yaml:"pulse_off"`
	PulseBeats    number `yaml:"pulse_beats"`
}

// placesFile says which memory holds what: sram, flash or dram.
type placesFile struct {
	Constants string `yaml:"constants"`
	Arena     string `yaml:"arena"`
	Fast      string `yaml:"fast"`
}

// portFile is what the driver programs for a port, and what goes through it.
type portFile struct {
	Regions regions `yaml:"regions"`
	Burst   number  `yaml:"burst"`
	Reads   number  `yaml:"reads"`
	Writes  number  `yaml:"writes"`
}

// limitsFile is the YAML form of npu.Limits.
type limitsFile struct {
	PortReads       number `yaml:"port_reads"`
	PortWrites      number `yaml:"port_writes"`
	InputAhead      number `yaml:"input_ahead"`
	CopyAhead       number `yaml:"copy_ahead"`
	CommandFIFO     number `yaml:"command_fifo"`
	WeightFIFO      number `yaml:"weight_fifo"`
	ScaleFIFO       number `yaml:"scale_fifo"`
	InputFIFO       number `yaml:"input_fifo"`
	CopyFIFO        number `yaml:"copy_fifo"`
	Weights         number `yaml:"weights_per_cycle"`
	PaletteEntries  number `yaml:"palette_entries_per_cycle"`
	Section         number `yaml:"output_section"`
	Kernels         number `yaml:"kernels"`
	Overlap         number `yaml:"overlap"`
	SharedPorts     number `yaml:"shared_ports"`
	SharedPlacement number `yaml:"shared_placement"`
}

// parameter is one number of a system file.
type parameter struct {
	part, name string
	at         *number
	low, high  int
	source     string // what it is and where its default comes from
}

// memoryParameters lists the numbers of a memory.
func memoryParameters(part string, m *memoryFile, size, interval, latency string) []parameter {
	return []parameter{
		{part, "size", &m.Size, 0, maxMemory, "bytes, 0 where there is none; " + size},
		{part, "beat_interval", &m.BeatInterval, 1, maxInterval, "cycles per beat of 64 bits; " + interval},
		{part, "beat_permille", &m.BeatPermille, 0, 999, "thousandths of a cycle beyond that, on average; our choice: none"},
		{part, "read_latency", &m.ReadLatency, 1, maxLatency, "cycles from a request to its first beat; " + latency},
		{part, "write_latency", &m.WriteLatency, 1, maxLatency, "cycles from the last beat to the response; " + latency},
		{part, "pending_reads", &m.PendingReads, 0, maxPending, "timing adapter: most read bursts pending on a port, 0 for no limit; our choice: none"},
		{part, "pending_writes", &m.PendingWrites, 0, maxPending, "timing adapter: most write bursts pending on a port, 0 for no limit; our choice: none"},
		{part, "pending", &m.Pending, 0, 2 * maxPending, "timing adapter: most bursts of both kinds pending on a port, 0 for no limit; our choice: none"},
		{part, "pulse_on", &m.PulseOn, 1, npu.MaxPeriod, "timing adapter: cycles of a period in which addresses pass; our choice: no adapter"},
		{part, "pulse_off", &m.PulseOff, 0, npu.MaxPeriod, "timing adapter: cycles of a period in which they do not; our choice: no adapter"},
		{part, "pulse_beats", &m.PulseBeats, 0, npu.MaxPeriod, "timing adapter: beats of a period after which no address passes, 0 for no limit; our choice: no adapter"},
	}
}

// parameters lists the numbers of a file in the order in which they are printed.
func (f *systemFile) parameters() []parameter {
	low, high := npu.MinLimits(), npu.MaxLimits()
	limit := func(name string, at *number, low, high int, source string) parameter {
		return parameter{"limits", name, at, low, high, source}
	}
	l := &f.Limits
	list := []parameter{{"", "clock_hz", &f.Clock, 0, maxClock, "of the NPU, 0 where it is not declared; stands for --clock; our choice: none"}}
	list = append(list, memoryParameters("sram", &f.SRAM, "our choice: 2 MiB", "Vela 3.10, Ethos_U55_High_End_Embedded: SRAM at the NPU's clock", "Vela 3.10: SRAM, 32 cycles")...)
	list = append(list, memoryParameters("flash", &f.Flash, "our choice: 32 MiB", "Vela 3.10, Ethos_U55_High_End_Embedded: an eighth of the bandwidth", "Vela 3.10: off-chip flash, 64 cycles")...)
	list = append(list, memoryParameters("dram", &f.DRAM, "our choice: none", "our choice: as the flash", "our choice: as the flash")...)
	for _, p := range []struct {
		name string
		at   *portFile
	}{{"axi0", &f.AXI0}, {"axi1", &f.AXI1}} {
		list = append(list,
			parameter{p.name, "burst", &p.at.Burst, 64, 256, "alignment of bursts in bytes: 64, 128 or 256; Arm U55 core driver: 64"},
			parameter{p.name, "reads", &p.at.Reads, 1, high.PortReads, "AXI_LIMIT, outstanding reads; Arm U55 core driver and Arm U55 register header: 32"},
			parameter{p.name, "writes", &p.at.Writes, 1, high.PortWrites, "AXI_LIMIT, outstanding writes; Arm U55 core driver and Arm U55 register header: 16"})
	}
	return append(list,
		limit("port_reads", &l.PortReads, low.PortReads, high.PortReads, "reads under way on a port; Arm U55 register header: AXI_LIMIT allows 32"),
		limit("port_writes", &l.PortWrites, low.PortWrites, high.PortWrites, "write bursts under way on a port; Arm U55 register header: AXI_LIMIT allows 16"),
		limit("input_ahead", &l.InputAhead, low.InputAhead, high.InputAhead, "beats that the input channel has under way; our choice: latency of the SRAM, a burst and the stages of the port"),
		limit("copy_ahead", &l.CopyAhead, low.CopyAhead, high.CopyAhead, "beats that the memory-to-memory channel has under way; our choice: covers the latency of the flash"),
		limit("command_fifo", &l.CommandFIFO, low.CommandFIFO, high.CommandFIFO, "beats; our choice: one burst of 64 bytes"),
		limit("weight_fifo", &l.WeightFIFO, low.WeightFIFO, high.WeightFIFO, "beats; our choice: latency of the SRAM"),
		limit("scale_fifo", &l.ScaleFIFO, low.ScaleFIFO, high.ScaleFIFO, "beats; our choice: latency of the SRAM"),
		limit("input_fifo", &l.InputFIFO, low.InputFIFO, high.InputFIFO, "beats; our choice: one burst of 64 bytes"),
		limit("copy_fifo", &l.CopyFIFO, low.CopyFIFO, high.CopyFIFO, "beats; our choice: one burst of 64 bytes"),
		limit("weights_per_cycle", &l.Weights, low.Weights, high.Weights, "weights that the decoder emits; Vela 3.10: 8 (its cycles per weight block)"),
		limit("palette_entries_per_cycle", &l.PaletteEntries, low.PaletteEntries, high.PaletteEntries, "palette entries that the decoder reads; our choice"),
		limit("output_section", &l.Section, low.Section, high.Section, "bytes after which an output buffer is written to memory; our choice: four bursts"),
		limit("kernels", &l.Kernels, low.Kernels, high.Kernels, "kernel operations under way; Vela 3.10: its streams rely on at most 2"),
		limit("overlap", &l.Overlap, low.Overlap, high.Overlap, "block jobs of an operation beside which the next may start, at most its BLOCKDEP; our choice: none, since counters of silicon show none"),
		limit("shared_ports", &l.SharedPorts, low.SharedPorts, high.SharedPorts, "accesses to a bank of 1 KiB of the shared buffer in a cycle, of 16 bytes each, 0 for any number; our choice: docs/ports.md"),
		limit("shared_placement", &l.SharedPlacement, low.SharedPlacement, high.SharedPlacement, "what lies in which bank, where accesses are counted: 0 pixels and micro-blocks, 1 words go round, 2 consecutive bytes; our choice: docs/ports.md"),
	)
}

// newSystemFile is the file that describes a system.
func newSystemFile(s npu.System) *systemFile {
	m := s.Memories()
	memory := func(w npu.Window, t npu.Timing) memoryFile {
		a := t.Adapter
		return memoryFile{
			address(w.Base), number(w.Size), number(t.BeatInterval), number(t.Permille), number(t.ReadLatency), number(t.WriteLatency),
			number(a.Reads), number(a.Writes), number(a.Both), number(max(1, a.On)), number(a.Off), number(a.Words),
		}
	}
	if m.DRAM.Size == 0 {
		s.DRAM = npu.DefaultSystem().Flash
	}
	port := func(k int, set uint8) portFile {
		p := m.Ports[k]
		return portFile{regionsOf(set, int(m.Commands) == k), number(p.Burst), number(p.Reads), number(p.Writes)}
	}
	l := s.Limits
	return &systemFile{
		SRAM: memory(m.SRAM, s.SRAM), Flash: memory(m.Flash, s.Flash), DRAM: memory(m.DRAM, s.DRAM),
		Places: placesFile{m.Constants.String(), m.Arena.String(), m.Fast.String()},
		AXI0:   port(0, ^m.Port1), AXI1: port(1, m.Port1),
		Limits: limitsFile{
			number(l.PortReads), number(l.PortWrites), number(l.InputAhead), number(l.CopyAhead), number(l.CommandFIFO), number(l.WeightFIFO),
			number(l.ScaleFIFO), number(l.InputFIFO), number(l.CopyFIFO), number(l.Weights), number(l.PaletteEntries), number(l.Section), number(l.Kernels), number(l.Overlap),
			number(l.SharedPorts), number(l.SharedPlacement),
		},
	}
}

// system is the system that the file describes.
func (f *systemFile) system() (npu.System, error) {
	if err := f.check(); err != nil {
		return npu.System{}, err
	}
	memory := func(t memoryFile) npu.Timing {
		a := npu.Adapter{Reads: int(t.PendingReads), Writes: int(t.PendingWrites), Both: int(t.Pending), Off: int(t.PulseOff), Words: int(t.PulseBeats)}
		if a.Off > 0 || a.Words > 0 {
			a.On = int(t.PulseOn)
		}
		return npu.Timing{
			BeatInterval: int(t.BeatInterval), Permille: int(t.BeatPermille), ReadLatency: int(t.ReadLatency), WriteLatency: int(t.WriteLatency), Adapter: a,
		}
	}
	l := &f.Limits
	s := npu.System{SRAM: memory(f.SRAM), Flash: memory(f.Flash), Limits: npu.Limits{
		PortReads: int(l.PortReads), PortWrites: int(l.PortWrites), InputAhead: int(l.InputAhead), CopyAhead: int(l.CopyAhead),
		CommandFIFO: int(l.CommandFIFO), WeightFIFO: int(l.WeightFIFO), ScaleFIFO: int(l.ScaleFIFO), InputFIFO: int(l.InputFIFO),
		CopyFIFO: int(l.CopyFIFO), Weights: int(l.Weights), PaletteEntries: int(l.PaletteEntries), Section: int(l.Section), Kernels: int(l.Kernels), Overlap: int(l.Overlap),
		SharedPorts: int(l.SharedPorts), SharedPlacement: int(l.SharedPlacement),
	}}
	m, err := f.memories()
	if err != nil {
		return s, err
	}
	if m != npu.DefaultMap() {
		s.Map, s.DRAM = m, memory(f.DRAM)
	}
	return s, nil
}

// memories is the memory map that the file describes.
func (f *systemFile) memories() (npu.Map, error) {
	window := func(t memoryFile) npu.Window { return npu.Window{Base: uint32(t.Base), Size: uint32(t.Size)} }
	m := npu.Map{SRAM: window(f.SRAM), Flash: window(f.Flash), DRAM: window(f.DRAM)}
	for _, part := range []struct {
		at   *npu.Place
		name string
		text string
	}{{&m.Constants, "constants", f.Places.Constants}, {&m.Arena, "arena", f.Places.Arena}, {&m.Fast, "fast", f.Places.Fast}} {
		var err error
		if *part.at, err = npu.ParsePlace(part.text); err != nil {
			return m, fmt.Errorf("places.%s: %w", part.name, err)
		}
	}
	zero, commands0, err := f.AXI0.Regions.set()
	if err != nil {
		return m, fmt.Errorf("axi0.regions: %w", err)
	}
	one, commands1, err := f.AXI1.Regions.set()
	switch {
	case err != nil:
		return m, fmt.Errorf("axi1.regions: %w", err)
	case zero&one != 0 || commands0 && commands1:
		return m, errors.New("axi0.regions and axi1.regions name the same region: each goes through one port")
	case zero|one != 0xff || !commands0 && !commands1:
		return m, fmt.Errorf("axi0.regions and axi1.regions must name 0 to 7 and %s between them", commandRegion)
	}
	m.Port1 = one
	if commands1 {
		m.Commands = 1
	}
	for k, p := range []*portFile{&f.AXI0, &f.AXI1} {
		if b := p.Burst; b != 64 && b != 128 && b != 256 {
			return m, fmt.Errorf("axi%d.burst %d is none of 64, 128 and 256", k, b)
		}
		m.Ports[k] = npu.Port{Burst: int(p.Burst), Reads: int(p.Reads), Writes: int(p.Writes)}
	}
	return m, m.Check()
}

// check refuses numbers out of their range.
func (f *systemFile) check() error {
	for _, p := range f.parameters() {
		if v := int(*p.at); v < p.low || v > p.high {
			return fmt.Errorf("%s %d is not between %d and %d", strings.TrimPrefix(p.part+"."+p.name, "."), v, p.low, p.high)
		}
	}
	return nil
}

// write prints the file with the range, the meaning and the source of each number.
func (f *systemFile) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, "# The system around the NPU, and what the NPU does at once. Give it with --system FILE.")
	fmt.Fprintln(b, "# A number that is left out keeps its default; one out of its range is refused.")
	fmt.Fprintln(b, "# Sources are those of the defaults.")
	if f.about != "" {
		fmt.Fprintf(b, "# %s\n", f.about)
	}
	part := ""
	for _, p := range f.parameters() {
		if p.part == "" {
			fmt.Fprintf(b, "%s: %d # %d to %d; %s\n", p.name, *p.at, p.low, p.high, p.source)
			continue
		}
		if p.part != part {
			part = p.part
			f.begin(b, part)
		}
		fmt.Fprintf(b, "  %s: %d # %d to %d; %s\n", p.name, *p.at, p.low, p.high, p.source)
	}
	return b.Flush()
}

// begin prints the name of a part and what it has beside numbers.
func (f *systemFile) begin(w io.Writer, part string) {
	if part == "axi0" {
		fmt.Fprintf(w, "places:\n  # sram, flash or dram: weights and commands; the arena; the fast scratch memory where there is one\n")
		fmt.Fprintf(w, "  constants: %s\n  arena: %s\n  fast: %s\n", f.Places.Constants, f.Places.Arena, f.Places.Fast)
	}
	fmt.Fprintf(w, "%s:\n", part)
	const source = "Arm U55 core driver: region 0 and the commands through port 1"
	switch part {
	case "sram":
		fmt.Fprintf(w, "  base: %#08x # bus address; our choice, that of the Corstone-300 reference system\n", f.SRAM.Base)
	case "flash":
		fmt.Fprintf(w, "  base: %#08x # bus address; our choice, that of the Corstone-300 reference system\n", f.Flash.Base)
	case "dram":
		fmt.Fprintf(w, "  base: %#08x # bus address; our choice\n", f.DRAM.Base)
	case "axi0":
		fmt.Fprintf(w, "  regions: [%s] # %s\n", strings.Join(f.AXI0.Regions, ", "), source)
	case "axi1":
		fmt.Fprintf(w, "  regions: [%s] # %s\n", strings.Join(f.AXI1.Regions, ", "), source)
	}
}

// parseSystemFile reads the YAML text of a system file. Unknown keys are refused.
func parseSystemFile(data []byte) (*systemFile, error) {
	f := newSystemFile(npu.DefaultSystem())
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(f); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	_, err := f.system()
	return f, err
}
