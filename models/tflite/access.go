package tflite

import (
	"encoding/binary"
	"fmt"
	"math"
)

// reader gives bounds-checked access to a flatbuffer. The first failure is kept
// in err; every accessor returns a zero value from then on, so callers may check
// once per table.
type reader struct {
	b []byte
	// budget is the memory in bytes that decoding may still allocate. Offsets may
	// point many times at one table, so a small file could otherwise describe a
	// model of any size.
	budget    int
	exhausted bool
	err       error
}

// The budget per byte of file and a constant part. A tensor takes at least 12
// bytes in a file and about 200 in memory; 64 leaves room for both (our choice).
const (
	budgetPerByte = 64
	budgetBase    = 1 << 16
)

func newReader(b []byte) *reader {
	return &reader{b: b, budget: budgetBase + budgetPerByte*len(b)}
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// forgive clears the error of a part that may turn out to be unused and returns
// it. Exhausted memory is never forgiven.
func (r *reader) forgive() error {
	if r.exhausted {
		return nil
	}
	err := r.err
	r.err = nil
	return err
}

// charge takes n elements of size bytes from the budget.
func (r *reader) charge(n, size int, what string) bool {
	if r.err != nil {
		return false
	}
	if n*size > r.budget {
		r.exhausted = true
		r.fail("%s: %d elements go beyond the memory allowed for a file of %d bytes; tables are referenced too often",
			what, n, len(r.b))
		return false
	}
	r.budget -= n * size
	return true
}

// has reports whether n bytes can be read at pos.
func (r *reader) has(pos, n int) bool {
	return pos >= 0 && n >= 0 && pos <= len(r.b) && n <= len(r.b)-pos
}

// table is a flatbuffer table whose vtable and inline part lie within the file.
type table struct {
	r      *reader
	kind   string // name in the schema, for messages
	pos    int
	vtable int
	fields int // number of fields in the vtable
	size   int // bytes of the inline part
}

// tableAt opens the table at pos.
func (r *reader) tableAt(pos int, kind string) table {
	if r.err != nil {
		return table{}
	}
	if !r.has(pos, 4) {
		r.fail("%s at offset %d: outside the file of %d bytes", kind, pos, len(r.b))
		return table{}
	}
	vt := pos - int(int32(binary.LittleEndian.Uint32(r.b[pos:])))
	if !r.has(vt, 4) {
		r.fail("%s at offset %d: vtable offset %d is outside the file", kind, pos, vt)
		return table{}
	}
	vtSize := int(binary.LittleEndian.Uint16(r.b[vt:]))
	size := int(binary.LittleEndian.Uint16(r.b[vt+2:]))
	if vtSize < 4 || vtSize%2 != 0 || !r.has(vt, vtSize) {
		r.fail("%s at offset %d: vtable of %d bytes at %d is malformed", kind, pos, vtSize, vt)
		return table{}
	}
	if size < 4 || !r.has(pos, size) {
		r.fail("%s at offset %d: %d inline bytes do not fit the file", kind, pos, size)
		return table{}
	}
	return table{r: r, kind: kind, pos: pos, vtable: vt, fields: (vtSize - 4) / 2, size: size}
}

// field is the position of field id, width bytes wide, or 0 when it is absent.
func (t table) field(id, width int) int {
	if t.r == nil || t.r.err != nil || id >= t.fields {
		return 0
	}
	off := int(binary.LittleEndian.Uint16(t.r.b[t.vtable+4+2*id:]))
	if off == 0 {
		return 0
	}
	if off < 4 || off+width > t.size {
		t.r.fail("%s at offset %d: field %d at %d lies outside the table of %d bytes", t.kind, t.pos, id, off, t.size)
		return 0
	}
	return t.pos + off
}

func (t table) int8(id int, def int8) int8 {
	if p := t.field(id, 1); p != 0 {
		return int8(t.r.b[p])
	}
	return def
}

func (t table) bool(id int, def bool) bool {
	if p := t.field(id, 1); p != 0 {
		return t.r.b[p] != 0
	}
	return def
}

func (t table) int32(id int, def int) int {
	if p := t.field(id, 4); p != 0 {
		return int(int32(binary.LittleEndian.Uint32(t.r.b[p:])))
	}
	return def
}

func (t table) uint32(id int) uint32 {
	if p := t.field(id, 4); p != 0 {
		return binary.LittleEndian.Uint32(t.r.b[p:])
	}
	return 0
}

func (t table) uint64(id int) uint64 {
	if p := t.field(id, 8); p != 0 {
		return binary.LittleEndian.Uint64(t.r.b[p:])
	}
	return 0
}

func (t table) float32(id int) float32 { return math.Float32frombits(t.uint32(id)) }

// target follows the offset stored at pos.
func (r *reader) target(pos int, kind string) int {
	off := int(binary.LittleEndian.Uint32(r.b[pos:]))
	if off == 0 || !r.has(pos+off, 4) {
		r.fail("%s: offset %d stored at %d points outside the file", kind, off, pos)
		return 0
	}
	return pos + off
}

// sub opens the table that field id refers to; ok is false when it is absent.
func (t table) sub(id int, kind string) (table, bool) {
	p := t.field(id, 4)
	if p == 0 {
		return table{}, false
	}
	q := t.r.target(p, kind)
	if t.r.err != nil {
		return table{}, false
	}
	s := t.r.tableAt(q, kind)
	return s, t.r.err == nil
}

// vector is the position of the first element and the number of elements of the
// vector in field id; both are 0 when it is absent.
func (t table) vector(id, width int) (pos, n int) {
	p := t.field(id, 4)
	if p == 0 {
		return 0, 0
	}
	q := t.r.target(p, t.kind)
	if t.r.err != nil {
		return 0, 0
	}
	n = int(binary.LittleEndian.Uint32(t.r.b[q:]))
	if n > (len(t.r.b)-q-4)/width {
		t.r.fail("%s at offset %d: vector in field %d claims %d elements of %d bytes, which do not fit the file",
			t.kind, t.pos, id, n, width)
		return 0, 0
	}
	return q + 4, n
}

// bytes is the byte vector in field id, aliasing the file.
func (t table) bytes(id int) []byte {
	pos, n := t.vector(id, 1)
	if n == 0 {
		return nil
	}
	return t.r.b[pos : pos+n : pos+n]
}

func (t table) string(id int) string {
	b := t.bytes(id)
	if !t.charge(len(b), 1, id) {
		return ""
	}
	return string(b)
}

func (t table) charge(n, size, id int) bool {
	return t.r != nil && t.r.charge(n, size, fmt.Sprintf("%s at offset %d, field %d", t.kind, t.pos, id))
}

// ints is the vector of 32-bit integers in field id.
func (t table) ints(id int) []int {
	pos, n := t.vector(id, 4)
	if n == 0 || !t.charge(n, 8, id) {
		return nil
	}
	v := make([]int, n)
	for i := range v {
		v[i] = int(int32(binary.LittleEndian.Uint32(t.r.b[pos+4*i:])))
	}
	return v
}

func (t table) int64s(id int) []int64 {
	pos, n := t.vector(id, 8)
	if n == 0 || !t.charge(n, 8, id) {
		return nil
	}
	v := make([]int64, n)
	for i := range v {
		v[i] = int64(binary.LittleEndian.Uint64(t.r.b[pos+8*i:]))
	}
	return v
}

func (t table) float32s(id int) []float32 {
	pos, n := t.vector(id, 4)
	if n == 0 || !t.charge(n, 4, id) {
		return nil
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.r.b[pos+4*i:]))
	}
	return v
}

// tables opens element i of the vector of tables that starts at pos.
func (r *reader) element(pos, i int, kind string) table {
	if r.err != nil {
		return table{}
	}
	q := r.target(pos+4*i, kind)
	return r.tableAt(q, kind)
}
