package main

import (
	"testing"

	"upset/npu"
)

func TestSystemFile(t *testing.T) {
	s, err := parseSystem([]byte("sram: {beat_interval: 2}\n"))
	if err != nil || s.SRAM.BeatInterval != 2 || s.SRAM.ReadLatency != 32 || s.Flash.BeatInterval != 8 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = parseSystem(nil); err != nil || s.Flash.ReadLatency != 64 {
		t.Errorf("an empty file gives %+v, %v", s, err)
	}
	for _, text := range []string{
		"drum: {}", "sram: {speed: 3}", "sram: 3", "sram: {beat_interval: 0}", "flash: {read_latency: -1}",
		"flash: {write_latency: 1000000}", "{}\n---\n{}", "sram: [", "sram: {beat_interval: 1.5}",
	} {
		if _, err := parseSystem([]byte(text)); err == nil {
			t.Errorf("accepted: %s", text)
		}
	}
}

func FuzzParseSystem(f *testing.F) {
	f.Add([]byte("sram: {beat_interval: 2}\nflash: {read_latency: 9}\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSystem(data)
		if err == nil && (s.SRAM.BeatInterval < 1 || s.Flash.ReadLatency > maxLatency) {
			t.Errorf("accepted %+v", s)
		}
	})
}

// parseSystem reads the YAML text of a system file as a system.
func parseSystem(data []byte) (npu.System, error) {
	f, err := parseSystemFile(data)
	if err != nil {
		return npu.DefaultSystem(), err
	}
	return f.system()
}
