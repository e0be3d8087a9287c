package gate

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
)

const magic = "upsetgl1"

// Write writes the netlist as a file. The same netlist gives the same bytes
// with the same version of Go's compressor; Digest does not depend on it.
func (n *Netlist) Write(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(n.encode()); err != nil {
		return err
	}
	return z.Close()
}

// Digest is the SHA-256 of the netlist's uncompressed file, in hexadecimal.
func (n *Netlist) Digest() string {
	sum := sha256.Sum256(n.encode())
	return hex.EncodeToString(sum[:])
}

type encoder struct {
	data  []byte
	first NetID // the first net that a gate drives
}

func (e *encoder) number(v int) { e.data = binary.AppendUvarint(e.data, uint64(v)) }

func (e *encoder) text(s string) {
	e.number(len(s))
	e.data = append(e.data, s...)
}

func (e *encoder) operand(reader, o NetID) {
	if o < e.first {
		e.number(2*int(o) + 1)
		return
	}
	e.number(2 * int(reader-1-o))
}

func (n *Netlist) encode() []byte {
	e := &encoder{data: []byte(magic), first: NetID(n.firstGate())}
	e.text(n.Module)
	for _, list := range [][]Port{n.Inputs, n.Outputs} {
		e.number(len(list))
		for i := range list {
			e.text(list[i].Name)
			e.number(len(list[i].Nets))
		}
	}
	e.number(len(n.registers))
	for i := range n.registers {
		r := &n.registers[i]
		e.text(r.Path)
		e.number(r.Element + 1)
		e.number(r.Bits)
	}
	e.number(len(n.Gates))
	for i := range n.Gates {
		e.data = append(e.data, byte(n.Gates[i].Kind))
	}
	for k := range 3 {
		for i := range n.Gates {
			g := &n.Gates[i]
			if k < g.Kind.Operands() {
				e.operand(e.first+NetID(i), [3]NetID{g.A, g.B, g.S}[k])
			}
		}
	}
	behind := NetID(n.Nets())
	for i := range n.Outputs {
		for _, o := range n.Outputs[i].Nets {
			e.operand(behind, o)
		}
	}
	for i := range n.Flops {
		e.operand(behind, n.Flops[i].D)
	}
	return e.data
}
