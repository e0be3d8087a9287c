package gate

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of what Read takes. Both are our choice: the largest module of the
// project has fewer than 200,000 gates, about four bytes each before compression.
const (
	maxFile   = 16 << 20 // bytes of the uncompressed file
	maxInputs = 1 << 20  // bits of the input ports; elements of an array
)

// Read reads a netlist that Write wrote. A file that is damaged, cut or too
// large gives an error; nothing is allocated beyond what the data can fill.
func Read(r io.Reader) (*Netlist, error) {
	n, err := read(r)
	if err != nil {
		return nil, fmt.Errorf("netlist: %w", err)
	}
	return n, nil
}

func read(r io.Reader) (*Netlist, error) {
	in := bufio.NewReader(r)
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	data, err := io.ReadAll(io.LimitReader(z, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("larger than %d bytes", maxFile)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return nil, errors.New("data behind the end")
	}
	return decode(data)
}

// decoder takes numbers from data; after the first error it gives zeros.
type decoder struct {
	data  []byte
	err   error
	first NetID
}

func (d *decoder) fail(format string, a ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, a...)
	}
}

func (d *decoder) number(what string, limit int) int {
	v, k := binary.Uvarint(d.data)
	if k <= 0 {
		d.fail("cut at %s", what)
		d.data = nil
		return 0
	}
	d.data = d.data[k:]
	if limit = max(0, limit); v > uint64(limit) { // below zero where more was taken than is left
		d.fail("%s is %d, at most %d is possible", what, v, limit)
		return 0
	}
	return int(v)
}

// count takes the number of things that have at least size bytes each in what
// is left behind it, which may be written with more bytes than it needs.
func (d *decoder) count(what string, size int) int {
	n := d.number(what, maxFile)
	if most := len(d.data) / size; n > most {
		d.fail("%s is %d, at most %d is possible", what, n, most)
		return 0
	}
	return n
}

func (d *decoder) text(what string) string {
	k := d.count("the length of "+what, 1)
	s := string(d.data[:k])
	d.data = d.data[k:]
	return s
}

func (d *decoder) operand(reader NetID, what string) NetID {
	v := d.number(what, 2*maxFile)
	if v&1 != 0 {
		if o := NetID(v >> 1); o < d.first {
			return o
		}
	} else if o := reader - 1 - NetID(v>>1); o >= d.first {
		return o
	}
	d.fail("%s of net %d does not exist", what, reader)
	return 0
}

// ports takes ports whose bits are together at most limit.
func (d *decoder) ports(what string, limit int) []Port {
	list := make([]Port, 0, d.count("the number of "+what, 3))
	for range cap(list) {
		p := Port{Name: d.text("a name of " + what)}
		bits := d.number("the width of "+p.Name, limit)
		if d.err != nil {
			return nil
		}
		limit -= bits
		p.Nets = make([]NetID, bits)
		list = append(list, p)
	}
	return list
}

// flops takes the registers; every flop has a byte behind them.
func (d *decoder) flops() []Flop {
	var list []Flop
	for range d.count("the number of registers", 4) {
		path := d.text("the path of a register")
		element := d.number("the element of "+path, maxInputs) - 1
		bits := d.number("the width of "+path, len(d.data)-len(list))
		if bits == 0 {
			d.fail("register %s has no bits", path)
		}
		if d.err != nil {
			return nil
		}
		for b := range bits {
			list = append(list, Flop{Register: path, Element: element, Bit: b})
		}
	}
	return list
}

func decode(data []byte) (*Netlist, error) {
	if len(data) < len(magic) || string(data[:len(magic)]) != magic {
		return nil, errors.New("not a netlist of this version")
	}
	d := &decoder{data: data[len(magic):]}
	n := &Netlist{Module: d.text("the module's name")}
	n.Inputs = d.ports("inputs", maxInputs) // their bits take no byte: the limit bounds them
	n.Outputs = d.ports("outputs", len(d.data))
	n.Flops = d.flops()
	for i := range n.Inputs {
		n.inputBits += len(n.Inputs[i].Nets)
	}
	gates := d.count("the number of gates", 2)
	if d.err != nil {
		return nil, d.err
	}
	n.Gates = make([]Gate, gates)
	d.first = NetID(n.firstGate())
	for i := range n.Gates {
		n.Gates[i].Kind = Kind(d.data[i])
		if int(d.data[i]) >= Kinds {
			return nil, fmt.Errorf("gate %d has the unknown kind %d", i, d.data[i])
		}
	}
	d.data = d.data[gates:]
	for k, what := range []string{"operand A", "operand B", "select"} {
		for i := range n.Gates {
			g := &n.Gates[i]
			if k >= g.Kind.Operands() {
				continue
			}
			o := d.operand(d.first+NetID(i), what)
			switch k {
			case 0:
				g.A = o
			case 1:
				g.B = o
			default:
				g.S = o
			}
		}
		if d.err != nil {
			return nil, d.err
		}
	}
	behind := NetID(n.Nets())
	for i := range n.Outputs {
		for b := range n.Outputs[i].Nets {
			n.Outputs[i].Nets[b] = d.operand(behind, "an output")
		}
	}
	for i := range n.Flops {
		n.Flops[i].D = d.operand(behind, "the D of a flop")
	}
	if d.err != nil {
		return nil, d.err
	}
	if len(d.data) != 0 {
		return nil, fmt.Errorf("%d bytes behind the last flop", len(d.data))
	}
	if err := n.complete(); err != nil {
		return nil, err
	}
	return n, nil
}
