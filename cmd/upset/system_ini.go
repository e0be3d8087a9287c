package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"upset/npu"
)

// Bounds of a vela.ini (our choice).
const (
	maxINI      = 1 << 20
	maxINILines = 20_000
	maxInherit  = 16
)

// Sections of a vela.ini (Vela, configuration file: public documentation).
const (
	iniSystem = "System_Config."
	iniMode   = "Memory_Mode."
)

// cutINI takes FILE.ini:SystemConfig:MemoryMode apart.
func cutINI(name string) (file, config, mode string) {
	i := strings.Index(name, ".ini:")
	if i < 0 {
		return name, "", ""
	}
	file = name[:i+len(".ini")]
	config, mode, _ = strings.Cut(name[i+len(".ini:"):], ":")
	return file, config, mode
}

// ini is a file of sections with keys and values.
type ini map[string]map[string]string

// readINI reads the sections of a file. Comments begin with # or ;.
func readINI(data []byte) (ini, error) {
	sections := ini{}
	var section map[string]string
	scan := bufio.NewScanner(bytes.NewReader(data))
	scan.Buffer(nil, maxINI)
	for n := 1; scan.Scan(); n++ {
		if n > maxINILines {
			return nil, fmt.Errorf("more than %d lines", maxINILines)
		}
		line := strings.TrimSpace(scan.Text())
		if i := strings.IndexAny(line, "#;"); i == 0 || i > 0 && line[i-1] == ' ' {
			line = strings.TrimSpace(line[:i])
		}
		if line == "" {
			continue
		}
		if line[0] == '[' {
			name := strings.TrimSpace(strings.Trim(line, "[]"))
			if line[len(line)-1] != ']' || name == "" {
				return nil, fmt.Errorf("line %d: %s is no section", n, told(line))
			}
			if section = sections[name]; section == nil {
				section = map[string]string{}
				sections[name] = section
			}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || section == nil {
			return nil, fmt.Errorf("line %d: %s is neither a section nor a key with a value", n, told(line))
		}
		section[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return sections, scan.Err()
}

// get is a value of a section or of one that it inherits from.
func (f ini) get(section, key string) (string, bool) {
	for range maxInherit {
		if v, ok := f[section][key]; ok {
			return v, true
		}
		next, ok := f[section]["inherit"]
		if !ok {
			return "", false
		}
		section = next
	}
	return "", false
}

// pick finds the section of a kind: the one that is named, or the only one.
func (f ini) pick(kind, name, what string) (string, error) {
	var list []string
	for s := range f {
		if n, ok := strings.CutPrefix(s, kind); ok {
			list = append(list, n)
		}
	}
	sort.Strings(list)
	switch {
	case len(list) == 0:
		return "", fmt.Errorf("no section [%s…]: is it a vela.ini?", kind)
	case name == "" && len(list) == 1:
		name = list[0]
	}
	for _, n := range list {
		if n == name {
			return kind + n, nil
		}
	}
	const most = 20
	more := ""
	if len(list) > most {
		list, more = list[:most], ", …"
	}
	for i := range list {
		list[i] = told(list[i])
	}
	return "", fmt.Errorf("%s %s is not in the file: give FILE.ini:SystemConfig:MemoryMode, with one of %s%s", what, told(name), strings.Join(list, ", "), more)
}

// number reads a value that must be a positive number.
func (f ini) number(section, key string, def float64) (float64, error) {
	text, ok := f.get(section, key)
	if !ok {
		return def, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || v <= 0 || v > 1e12 {
		return 0, fmt.Errorf("[%s] %s = %s is no positive number", section, key, told(text))
	}
	return v, nil
}

// parseINI is the system of a memory configuration and a memory mode of a vela.ini. Bases,
// the size of the flash and what the file leaves out are those of the default system.
func parseINI(data []byte, config, mode string) (*systemFile, error) {
	in, err := readINI(data)
	if err != nil {
		return nil, err
	}
	sys, err := in.pick(iniSystem, config, "system configuration")
	if err != nil {
		return nil, err
	}
	mem, err := in.pick(iniMode, mode, "memory mode")
	if err != nil {
		return nil, err
	}
	f := newSystemFile(npu.DefaultSystem())
	f.about = fmt.Sprintf("%s with %s of a vela.ini. Bases, the size of flash and DRAM, and what that file leaves out: our choice.",
		told(strings.TrimPrefix(sys, iniSystem)), told(strings.TrimPrefix(mem, iniMode)))
	clock, err := in.number(sys, "core_clock", 0)
	if err != nil {
		return nil, err
	}
	f.Clock = number(math.Round(clock))
	areas, err := in.areas(f, sys)
	if err != nil {
		return nil, err
	}
	if err := in.places(f, mem, areas); err != nil {
		return nil, err
	}
	_, err = f.system()
	return f, err
}

// areas reads the memories behind the ports.
func (f ini) areas(to *systemFile, sys string) (areas [2]npu.Place, err error) {
	used := map[npu.Place]string{}
	for k := range areas {
		key := fmt.Sprintf("axi%d_port", k)
		name, ok := f.get(sys, key)
		if !ok {
			return areas, fmt.Errorf("[%s] names no %s", sys, key)
		}
		var m *memoryFile
		switch name {
		case "Sram":
			areas[k], m = npu.InSRAM, &to.SRAM
		case "Dram":
			areas[k], m = npu.InDRAM, &to.DRAM
			m.Base, m.Size = 0x60000000, 256*mebibyte
		case "OnChipFlash", "OffChipFlash":
			areas[k], m = npu.InFlash, &to.Flash
		default:
			return areas, fmt.Errorf("[%s] %s = %s: want Sram, Dram, OnChipFlash or OffChipFlash", sys, key, told(name))
		}
		if other, twice := used[areas[k]]; twice && other != name {
			return areas, fmt.Errorf("[%s] has %s behind port 0 and %s behind port 1: one flash is simulated", sys, other, name)
		}
		used[areas[k]] = name
		if err := f.timing(m, sys, name); err != nil {
			return areas, err
		}
	}
	return areas, nil
}

// timing reads the timing of a memory. Burst lengths are a matter of Vela's estimates.
func (f ini) timing(m *memoryFile, sys, name string) error {
	part, err := f.number(sys, name+"_clock_scale", 1)
	if err != nil {
		return err
	}
	if part > 1 || part < 1.0/maxInterval {
		return fmt.Errorf("[%s] %s_clock_scale = %v is not between 1/%d and 1", sys, name, part, maxInterval)
	}
	read, err := f.number(sys, name+"_read_latency", float64(m.ReadLatency))
	if err != nil {
		return err
	}
	write, err := f.number(sys, name+"_write_latency", float64(m.WriteLatency))
	if err != nil {
		return err
	}
	m.scale(part, number(math.Ceil(read)))
	m.WriteLatency = number(math.Ceil(write))
	return nil
}

// places reads which port serves what, and the size of the SRAM.
func (f ini) places(to *systemFile, mode string, areas [2]npu.Place) error {
	port := func(key string, def int) (int, error) {
		text, ok := f.get(mode, key)
		switch {
		case !ok && def >= 0:
			return def, nil
		case !ok:
			return 0, fmt.Errorf("[%s] names no %s", mode, key)
		case text == "Axi0":
			return 0, nil
		case text == "Axi1":
			return 1, nil
		}
		return 0, fmt.Errorf("[%s] %s = %s: want Axi0 or Axi1", mode, key, told(text))
	}
	constants, err := port("const_mem_area", -1)
	if err != nil {
		return err
	}
	arena, err := port("arena_mem_area", -1)
	if err != nil {
		return err
	}
	fast, err := port("cache_mem_area", arena)
	if err != nil {
		return err
	}
	for _, k := range []int{arena, fast} {
		if areas[k] == npu.InFlash {
			return fmt.Errorf("[%s] puts feature maps behind port %d, where there is flash, which the NPU does not write: choose a system configuration with Dram there, or another memory mode", mode, k)
		}
	}
	size, err := f.number(mode, "arena_cache_size", float64(to.SRAM.Size))
	if err != nil {
		return err
	}
	if size < 16 || size > maxMemory {
		return errors.New("arena_cache_size is not between 16 bytes and 512 MiB")
	}
	to.SRAM.Size = number(size) &^ 15
	to.Places = placesFile{areas[constants].String(), areas[arena].String(), areas[fast].String()}
	one := uint8(0)
	for r := range 8 {
		if [3]int{constants, arena, fast}[min(r, 2)] == 1 && r <= 2 || r > 2 && arena == 1 {
			one |= 1 << r
		}
	}
	to.AXI0.Regions, to.AXI1.Regions = regionsOf(^one, constants == 0), regionsOf(one, constants == 1)
	return nil
}

// told is a text of the file as a message shows it: with control characters spelt out.
func told(text string) string {
	if strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) {
		return strconv.Quote(text)
	}
	return quote(text)
}
