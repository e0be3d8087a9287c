package container

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Words of the second payload format (Vela 5.1, --cop-format COP2).
const (
	payloadMagic2   = 0x32504F43 // "COP2"
	cop2Major       = 1
	cop2Header      = 16 // magic, version, length of all entries
	cop2EntryHeader = 12 // type, length, length of the metadata
	cop2Counted     = 8  // bytes of an entry before what its length counts
	cop2Stream      = 1  // type of an entry that holds a command stream

	cop2Metadata = 0x4d554556 // "VEUM"
	cop2Fields   = 20         // bytes of the fields below
	cop2MetaSize = 12 + cop2Fields

	featureNetworkWide = 1 << 0 // addresses of inputs and outputs count in the arena
	featureLocal       = 1 << 1 // inputs and outputs have address spaces of their own

	cop2Filler = 0xffffffff // between metadata and commands, which begin 16-byte aligned
)

// parseCOP2 reads a payload of the second format: entries of which one holds the
// command stream and the configuration that it is for.
func parseCOP2(data []byte) (*payload, error) {
	if len(data) < cop2Header {
		return nil, fmt.Errorf("driver payload \"COP2\" is cut off after %d bytes", len(data))
	}
	if v := binary.LittleEndian.Uint16(data[4:]); v != cop2Major {
		return nil, fmt.Errorf("driver payload \"COP2\" has version %d.%d, %d is known: compile the model with --cop-format COP1", v, binary.LittleEndian.Uint16(data[6:]), cop2Major)
	}
	n := binary.LittleEndian.Uint64(data[8:])
	if n > uint64(len(data)-cop2Header) {
		return nil, fmt.Errorf("driver payload \"COP2\": entries of %d bytes, %d are there", n, len(data)-cop2Header)
	}
	var p *payload
	for at, end := cop2Header, cop2Header+int(n); at < end; {
		if end-at < cop2EntryHeader {
			return nil, fmt.Errorf("driver payload byte %d: an entry is cut off", at)
		}
		kind, size := binary.LittleEndian.Uint32(data[at:]), binary.LittleEndian.Uint32(data[at+4:])
		if size%4 != 0 || size < cop2EntryHeader-cop2Counted || uint64(size) > uint64(end-at-cop2Counted) {
			return nil, fmt.Errorf("driver payload byte %d: an entry of %d bytes, %d are there", at, size, end-at-cop2Counted)
		}
		entry := data[at+cop2Counted : at+cop2Counted+int(size)]
		if kind == cop2Stream {
			if p != nil {
				return nil, fmt.Errorf("driver payload byte %d: a second command stream; one is supported", at)
			}
			var err error
			if p, err = cop2Entry(entry, at+cop2Counted); err != nil {
				return nil, fmt.Errorf("driver payload byte %d: %w", at, err)
			}
		}
		at += cop2Counted + len(entry)
	}
	if p == nil {
		return nil, errors.New("driver payload has no command stream")
	}
	return p, nil
}

// cop2Entry reads an entry with a command stream, from its length of the
// metadata on. Offset is its place in the payload.
func cop2Entry(b []byte, offset int) (*payload, error) {
	n := binary.LittleEndian.Uint32(b)
	b, offset = b[4:], offset+4
	if n%4 != 0 || uint64(n) > uint64(len(b)) || n < cop2MetaSize {
		return nil, fmt.Errorf("metadata of %d bytes in an entry of %d; the configuration needs %d", n, len(b), cop2MetaSize)
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
	if word(0) != cop2Metadata || word(1)&0xffff != cop2Major || word(2) < cop2Fields {
		return nil, fmt.Errorf("unknown metadata %#08x, version %#x, %d bytes", word(0), word(1), word(2))
	}
	p := &payload{config: word(3), id: word(4), hasConfig: true, local: word(5)&featureLocal != 0}
	if p.local && word(5)&featureNetworkWide != 0 {
		return nil, errors.New("the metadata asks for network-wide and for local addressing at once")
	}
	b, offset = b[n:], offset+int(n)
	for len(b) >= 4 && offset%StreamAlign != 0 && binary.LittleEndian.Uint32(b) == cop2Filler {
		b, offset = b[4:], offset+4
	}
	if len(b)/4 > maxStream {
		return nil, fmt.Errorf("command stream of %d words is longer than the %d that an NPU takes", len(b)/4, maxStream)
	}
	p.commands = make([]uint32, len(b)/4)
	for i := range p.commands {
		p.commands[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return p, nil
}
