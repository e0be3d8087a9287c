package executorch

import (
	"encoding/binary"
	"fmt"
	"math"
)

// flat gives bounds-checked access to a flatbuffer. The first failure stays in err,
// and every accessor returns zero from then on.
type flat struct {
	b []byte
	// budget is how many elements may still be read: offsets may point many times at
	// one table, so that a small file could describe a program of any size.
	budget int
	err    error
}

// budgetPerByte and budgetBase bound the elements that a file may describe (our choice).
const (
	budgetPerByte = 4
	budgetBase    = 1 << 12
)

func newFlat(b []byte) *flat { return &flat{b: b, budget: budgetBase + budgetPerByte*len(b)} }

func (f *flat) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

func (f *flat) has(pos, n int) bool {
	return pos >= 0 && n >= 0 && pos <= len(f.b) && n <= len(f.b)-pos
}

func (f *flat) u32(pos int) int {
	if f.err != nil || !f.has(pos, 4) {
		f.fail("offset %d is outside the file of %d bytes", pos, len(f.b))
		return 0
	}
	return int(binary.LittleEndian.Uint32(f.b[pos:]))
}

// table is a flatbuffer table whose vtable lies within the file.
type table struct {
	f           *flat
	kind        string // name in the schema
	pos, vtable int
	fields      int
}

// tableAt opens the table at pos.
func (f *flat) tableAt(pos int, kind string) table {
	vt := pos - int(int32(f.u32(pos)))
	head := f.u32(vt)
	size := head & 0xffff
	t := table{f: f, kind: kind, pos: pos, vtable: vt, fields: (size - 4) / 2}
	if f.err == nil && (size < 4 || !f.has(vt, size)) {
		f.fail("%s at offset %d is malformed", kind, pos)
	}
	if f.budget--; f.budget < 0 {
		f.fail("%s at offset %d: tables are referenced too often", kind, pos)
	}
	if f.err != nil {
		return table{f: f, kind: kind}
	}
	return t
}

// field is the position of field id, width bytes wide, or 0 where it is absent.
func (t table) field(id, width int) int {
	if t.f.err != nil || id >= t.fields {
		return 0
	}
	off := int(binary.LittleEndian.Uint16(t.f.b[t.vtable+4+2*id:]))
	if off == 0 {
		return 0
	}
	if off < 4 || !t.f.has(t.pos+off, width) {
		t.f.fail("%s at offset %d: field %d lies outside the file", t.kind, t.pos, id)
		return 0
	}
	return t.pos + off
}

// number is the little-endian unsigned value of field id.
func (t table) number(id, width int) uint64 {
	p, v := t.field(id, width), uint64(0)
	if p == 0 {
		return 0
	}
	for i := range width {
		v |= uint64(t.f.b[p+i]) << (8 * i)
	}
	return v
}

func (t table) double(id int) float64 { return math.Float64frombits(t.number(id, 8)) }

// sub opens the table of field id; ok is false where it is absent.
func (t table) sub(id int, kind string) (s table, ok bool) {
	p := t.field(id, 4)
	if p == 0 {
		return table{f: t.f, kind: kind}, false
	}
	return t.f.tableAt(p+t.f.u32(p), kind), t.f.err == nil
}

// vector is the position of the first element and the number of elements of the
// vector in field id.
func (t table) vector(id, width int) (pos, n int) {
	p := t.field(id, 4)
	if p == 0 {
		return 0, 0
	}
	p += t.f.u32(p)
	n = t.f.u32(p)
	if t.f.err != nil {
		return 0, 0
	}
	if n > (len(t.f.b)-p-4)/width {
		t.f.fail("%s at offset %d: %d elements in field %d do not fit the file", t.kind, t.pos, n, id)
		return 0, 0
	}
	if t.f.budget -= n; width > 1 && t.f.budget < 0 {
		t.f.fail("%s at offset %d: vectors are referenced too often", t.kind, t.pos)
		return 0, 0
	}
	return p + 4, n
}

// bytes is the byte vector of field id, a part of the file.
func (t table) bytes(id int) []byte {
	pos, n := t.vector(id, 1)
	return t.f.b[pos : pos+n : pos+n]
}

func (t table) text(id int) string {
	const most = 1 << 10 // characters of a name (our choice)
	b := t.bytes(id)
	return string(b[:min(len(b), most)])
}

// ints is the vector of signed integers of the given width in field id.
func (t table) ints(id, width int) []int64 {
	pos, n := t.vector(id, width)
	if n == 0 || t.f.err != nil {
		return nil
	}
	list := make([]int64, n)
	for i := range list {
		switch p := pos + width*i; width {
		case 4:
			list[i] = int64(int32(binary.LittleEndian.Uint32(t.f.b[p:])))
		case 8:
			list[i] = int64(binary.LittleEndian.Uint64(t.f.b[p:]))
		default:
			list[i] = int64(t.f.b[p])
		}
	}
	return list
}

// each calls f with every table of the vector in field id.
func (t table) each(id int, kind string, f func(i int, e table)) {
	pos, n := t.vector(id, 4)
	for i := range n {
		p := pos + 4*i
		e := t.f.tableAt(p+t.f.u32(p), kind)
		if t.f.err != nil {
			return
		}
		f(i, e)
	}
}
