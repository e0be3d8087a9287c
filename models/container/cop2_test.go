package container

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// TestCOP2SameStream compares the two payload formats of one network: they carry
// the same commands for the same NPU.
func TestCOP2SameStream(t *testing.T) {
	_, one := velaPayload(t, "u55-128/kws_ref_model")
	_, two := velaPayload(t, "cop2-u55-128/kws_ref_model")
	p, err := parsePayload(one.Data)
	if err != nil {
		t.Fatal(err)
	}
	q, err := parsePayload(two.Data)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.commands, q.commands) || p.config != q.config || p.id != q.id || q.local {
		t.Errorf("the payloads differ: %d and %d commands, config %#x and %#x", len(p.commands), len(q.commands), p.config, q.config)
	}
}

// TestCOP2Damaged checks that damage of each field is an error that names it.
func TestCOP2Damaged(t *testing.T) {
	_, tensor := velaPayload(t, "cop2-u55-128/hello_world_int8")
	for _, c := range []struct {
		name string
		edit func(b []byte) []byte
		want string
	}{
		{"cut off", func(b []byte) []byte { return b[:12] }, "cut off"},
		{"version", func(b []byte) []byte { b[4] = 2; return b }, "version 2.0"},
		{"length", func(b []byte) []byte { b[15] = 0x80; return b }, "are there"},
		{"entry length", func(b []byte) []byte { b[23] = 0xff; return b }, "an entry of"},
		{"entry of nothing", func(b []byte) []byte { clear(b[20:24]); return b }, "an entry of 0"},
		{"other entry", func(b []byte) []byte { b[16] = 9; return b }, "no command stream"},
		{"metadata length", func(b []byte) []byte { b[27] = 1; return b }, "metadata of"},
		{"metadata", func(b []byte) []byte { b[28] = 'X'; return b }, "unknown metadata"},
		{"both addressings", func(b []byte) []byte { b[48] = 3; return b }, "at once"},
		{"two streams", func(b []byte) []byte {
			b = append(b, b[16:]...)
			binary.LittleEndian.PutUint64(b[8:], uint64(len(b)-16))
			return b
		}, "second command stream"},
	} {
		_, err := parsePayload(c.edit(bytes.Clone(tensor.Data)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
