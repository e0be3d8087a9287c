package container

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"upset/models/tflite"
	"upset/npu/isa"
)

func TestPayload(t *testing.T) {
	good := bytesOf(payloadMagic, 0x00100001, 0x1807, 0x10060000, 5, 0x00020002, 0x123, 0xffff0000)
	p, err := parsePayload(good)
	if err != nil {
		t.Fatal(err)
	}
	if p.config != 0x1807 || p.id != 0x10060000 || len(p.commands) != 2 || p.commands[1] != 0xffff0000 {
		t.Errorf("parsed as %+v", p)
	}
	// A length above 16 bits continues in the reserved byte of the tag.
	long := make([]uint32, 0x10005)
	long[0], long[1] = payloadMagic, 0x00030102
	if p, err := parsePayload(bytesOf(long...)); err != nil || len(p.commands) != 0x10003 {
		t.Errorf("long stream: %v", err)
	}
	for name, data := range map[string][]byte{
		"empty":          nil,
		"odd length":     good[:7],
		"wrong magic":    bytesOf(0x31504F44, 0x00010002, 0),
		"unknown action": bytesOf(payloadMagic, 9),
		"no commands":    bytesOf(payloadMagic, 5),
		"cut config":     bytesOf(payloadMagic, 1, 0),
		"cut commands":   bytesOf(payloadMagic, 0x00030002, 1, 2),
		"two streams":    bytesOf(payloadMagic, 0x00010002, 0, 0x00010002, 0),
	} {
		if _, err := parsePayload(data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestMismatch(t *testing.T) {
	ours := uint32(isa.ArchVersion)
	for _, c := range []struct {
		config, id uint32
		says       []string // nil where the target fits u55-128
	}{
		{0x1807, ours, nil},
		{0x3007, ours, nil}, // the size of the shared buffer is not compared
		{0x1807, 0x10040000, nil},
		{0x3008, ours, []string{"u55-256", "u55-128"}},
		{0x1817, ours, []string{"command stream version 1", "u55-128"}},
		{0x10001808, ours, []string{"Ethos-U65 with 256 MACs", "u55-128", "not simulated"}},
		{0x2000000b, ours, []string{"Ethos-U85 with 2048 MACs", "u55-128"}},
		{0x30001807, ours, []string{"product 3", "u55-128"}},
		{0x1809, ours, []string{"u55-512", "not simulated"}},
		{0x08001807, ours, []string{"custom DMA", "u55-128"}},
		{0x1807, 0x20060000, []string{"2.0.6", "1.0.6"}},
		{0x1807, 0x10160000, []string{"1.1.6", "1.0.6"}},
	} {
		p := payload{config: c.config, id: c.id, hasConfig: true}
		err := p.check(isa.U55x128)
		if c.says == nil {
			if err != nil {
				t.Errorf("%#x %#x: %v", c.config, c.id, err)
			}
			continue
		}
		var mismatch *MismatchError
		if !errors.As(err, &mismatch) {
			t.Errorf("%#x %#x: error is %v", c.config, c.id, err)
			continue
		}
		for _, s := range c.says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%#x %#x: %q does not name %q", c.config, c.id, err, s)
			}
		}
	}
	if err := new(payload).check(isa.U55x128); err == nil {
		t.Error("a payload without OPTIMIZER_CONFIG is accepted")
	}
}

// TestEncodePayload checks the words against those that Vela writes: the stream
// starts at a multiple of 16 bytes, and a long stream uses both length fields.
func TestEncodePayload(t *testing.T) {
	for _, cfg := range isa.Configs {
		for _, n := range []int{1, 4, 829, 70000} {
			commands := make([]uint32, n)
			for i := range commands {
				commands[i] = uint32(i) * 0x9e3779b1
			}
			data, err := EncodePayload(cfg, commands)
			if err != nil {
				t.Fatal(err)
			}
			pay, err := parsePayload(data)
			if err != nil {
				t.Fatalf("%s, %d words: %v", cfg, n, err)
			}
			if err := pay.check(cfg); err != nil || !slices.Equal(pay.commands, commands) {
				t.Errorf("%s, %d words: %d come back, %v", cfg, n, len(pay.commands), err)
			}
			if (len(data)-4*n)%StreamAlign != 0 {
				t.Errorf("%s: the stream starts at byte %d", cfg, len(data)-4*n)
			}
		}
	}
	if _, err := EncodePayload(isa.U55x32, make([]uint32, maxStream+1)); err == nil {
		t.Error("a stream beyond the limit is accepted")
	}
}

// TestPayloadEqualsVela encodes the streams of Vela outputs again and expects
// the same bytes.
func TestPayloadEqualsVela(t *testing.T) {
	for _, cfg := range isa.Configs {
		for _, name := range []string{"kws_ref_model", "ad01_int8", "ops/softmax_int8"} {
			m, err := tflite.Parse(velaFile(t, "ethos-"+cfg.String()+"/"+name+"_vela.tflite"))
			if err != nil {
				t.Fatal(err)
			}
			want := m.Subgraphs[0].Tensors[npuOp(m).Inputs[InputCommands]].Data
			pay, err := parsePayload(want)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := EncodePayload(cfg, pay.commands); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s %s: the payload of %d bytes is encoded as %d others, %v", cfg, name, len(want), len(got), err)
			}
		}
	}
}

// FuzzPayload reads damaged payloads of both formats.
func FuzzPayload(f *testing.F) {
	for _, name := range []string{"u55-128/hello_world_int8", "cop2-u55-128/hello_world_int8", "sepio-u55-128/hello_world_int8"} {
		_, tensor := velaPayload(f, name)
		f.Add(tensor.Data[:min(len(tensor.Data), 256)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePayload(b)
		if err == nil && 4*len(p.commands) > len(b) {
			t.Errorf("%d commands from %d bytes", len(p.commands), len(b))
		}
	})
}
