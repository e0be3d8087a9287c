//go:build !browser

package guest

import (
	"errors"
	"fmt"
	"slices"
)

// Bounds on what a module declares beside its bytes, in which a few bytes could ask
// for any amount of memory. The WebAssembly JavaScript interface (§ implementation
// limits) has 50,000 locals and 1,000 parameters and results too, and larger numbers
// of items; the others are our choice, far above what compilers emit.
const (
	maxEntries = 100_000 // of a section
	maxLocals  = 50_000  // of a function
	maxTypes   = 1000    // parameters or results of a function
	maxTable   = 1 << 20 // entries of a table
)

// Sections of a module (WebAssembly core specification, §5.5.2).
const (
	sectionCustom = iota
	sectionType
	sectionImport
	sectionFunction
	sectionTable
	sectionMemory
	sectionGlobal
	sectionExport
	sectionStart
	sectionElement
	sectionCode
	sectionData
	sectionDataCount
	numSections
)

// sectionNames are for messages.
var sectionNames = [numSections]string{"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count"}

var (
	errCut   = errors.New("it is cut off")
	errCount = errors.New("it counts more than it holds")
)

// structure is what a check of a module's bytes finds.
type structure struct {
	// wasm is the module without its custom sections, which hold names for
	// debuggers.
	wasm []byte
	// growing says that a table may grow beyond maxTable: it names no maximum, or a
	// larger one.
	growing bool
	// kinds is the number of types of functions.
	kinds int
}

// examine walks the sections of a module before anything is made of it: every count
// must fit the bytes that follow, so that what a decoder allocates is bounded by the
// size of the module. What the instructions do is left to the compiler.
func examine(wasm []byte) (structure, error) {
	const head = "\x00asm\x01\x00\x00\x00"
	var s structure
	if len(wasm) < len(head) || string(wasm[:len(head)]) != head {
		return s, errors.New("it does not begin as one")
	}
	s.wasm = slices.Clone(wasm[:len(head)])
	r := &reader{rest: wasm[len(head):]}
	locals := max(maxLocals, len(wasm))
	var seen [numSections]bool
	for len(r.rest) > 0 && r.err == nil {
		start := r.rest
		id := r.byte()
		body := reader{rest: r.take(r.u32())}
		if r.err != nil {
			return s, r.err
		}
		if id >= numSections {
			return s, fmt.Errorf("section %d is not known", id)
		}
		if id == sectionCustom {
			continue
		}
		if seen[id] {
			return s, fmt.Errorf("a second %s section", sectionNames[id])
		}
		seen[id] = true
		s.section(id, &body, &locals)
		if body.err != nil {
			return s, fmt.Errorf("%s section: %w", sectionNames[id], body.err)
		}
		s.wasm = append(s.wasm, start[:len(start)-len(r.rest)]...)
	}
	return s, r.err
}

// section walks one section. Locals is how many the functions may still have.
func (s *structure) section(id byte, r *reader, locals *int) {
	switch id {
	case sectionType:
		r.vector(3, func() {
			s.kinds++
			if form := r.byte(); form != 0x60 {
				r.fail(fmt.Errorf("type %#x is no function", form))
			}
			r.types()
			r.types()
		})
	case sectionImport:
		r.vector(4, func() {
			r.name()
			r.name()
			switch kind := r.byte(); kind {
			case 0:
				s.kind(r)
			case 1:
				s.table(r)
			case 2:
				r.limits()
			case 3:
				r.take(2) // type, mutability
			default:
				r.fail(fmt.Errorf("an import of kind %d", kind))
			}
		})
	case sectionFunction:
		r.vector(1, func() { s.kind(r) })
	case sectionTable:
		r.vector(3, func() { s.table(r) })
	case sectionMemory:
		r.vector(2, func() { r.limits() })
	case sectionGlobal:
		r.vector(4, func() { r.take(2); r.expression() })
	case sectionExport:
		r.vector(3, func() { r.name(); r.byte(); r.u32() })
	case sectionElement:
		r.vector(2, func() { r.element() })
	case sectionCode:
		r.vector(3, func() {
			f := reader{rest: r.take(r.u32()), err: r.err}
			sum := 0
			f.vector(2, func() {
				if sum += min(f.u32(), maxLocals+1); sum > maxLocals {
					f.fail(fmt.Errorf("a function has more than %d locals", maxLocals))
				}
				f.value()
			})
			if *locals -= sum; *locals < 0 {
				f.fail(errors.New("the functions have more locals than the module has bytes"))
			}
			r.err = f.err
		})
	case sectionData:
		r.vector(2, func() {
			switch kind := r.u32(); kind {
			case 0:
				r.expression()
			case 1:
			case 2:
				r.u32()
				r.expression()
			default:
				r.fail(fmt.Errorf("a segment of kind %d", kind))
			}
			r.name() // bytes with their number in front, as a name
		})
	}
}

// kind reads the type of a function: the compiler takes it for granted that the type of a
// function that is called exists.
func (s *structure) kind(r *reader) {
	if n := r.u32(); n >= s.kinds {
		r.fail(fmt.Errorf("a function of type %d of %d", n, s.kinds))
	}
}

// table walks the type of a table.
func (s *structure) table(r *reader) {
	r.value()
	low, high, bounded := r.limits()
	if low > maxTable {
		r.fail(fmt.Errorf("a table of %d entries: at most %d", low, maxTable))
	}
	if !bounded || high > maxTable {
		s.growing = true
	}
}

// reader walks bytes. After an error it gives zeros, and nothing is left.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = nil
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// take returns the next n bytes.
func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.fail(errCut)
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// u32 reads a number in LEB128, of at most five bytes.
func (r *reader) u32() (n int) {
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			if n > 1<<32-1 {
				break
			}
			return n
		}
	}
	r.fail(errors.New("a number is too long"))
	return 0
}

// signed skips a signed number in LEB128.
func (r *reader) signed() {
	for range 10 {
		if r.byte() < 0x80 {
			return
		}
	}
	r.fail(errors.New("a number is too long"))
}

// count reads a count of items of at least so many bytes each.
func (r *reader) count(least int) int {
	n := r.u32()
	switch {
	case n > len(r.rest)/least:
		r.fail(errCount)
	case n > maxEntries:
		r.fail(fmt.Errorf("%d items: at most %d", n, maxEntries))
	default:
		return n
	}
	return 0
}

// vector walks a counted list.
func (r *reader) vector(least int, item func()) {
	for n := r.count(least); n > 0 && r.err == nil; n-- {
		item()
	}
}

// name skips bytes with their number in front.
func (r *reader) name() { r.take(r.u32()) }

// value skips the type of a value, which is one byte in every version that is run.
func (r *reader) value() {
	switch t := r.byte(); t {
	case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f: // i32, i64, f32, f64, v128, funcref, externref
	default:
		r.fail(fmt.Errorf("type %#x of a value is not known", t))
	}
}

// types skips a list of types of values.
func (r *reader) types() {
	n := r.count(1)
	if n > maxTypes {
		r.fail(fmt.Errorf("a function with %d parameters or results: at most %d", n, maxTypes))
		return
	}
	for range n {
		r.value()
	}
}

// limits reads those of a memory or a table.
func (r *reader) limits() (low, high int, bounded bool) {
	flag := r.byte()
	low = r.u32()
	if bounded = flag&1 != 0; bounded {
		high = r.u32()
	}
	return low, high, bounded
}

// expression skips a constant expression.
func (r *reader) expression() {
	for r.err == nil {
		switch op := r.byte(); op {
		case 0x0b: // end
			return
		case 0x41, 0x42: // i32.const, i64.const
			r.signed()
		case 0x43: // f32.const
			r.take(4)
		case 0x44: // f64.const
			r.take(8)
		case 0x23, 0xd2: // global.get, ref.func
			r.u32()
		case 0xd0: // ref.null
			r.value()
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e: // sums and products
		case 0xfd: // v128.const
			r.u32()
			r.take(16)
		default:
			r.fail(fmt.Errorf("instruction %#x in a constant", op))
		}
	}
}

// element walks a segment of a table (WebAssembly core specification, §5.5.12): bit 0
// of the kind says passive or declarative, bit 1 that a table or a type is named, bit 2
// that items are expressions.
func (r *reader) element() {
	kind := r.u32()
	if kind > 7 {
		r.fail(fmt.Errorf("a segment of kind %d", kind))
		return
	}
	if kind&1 == 0 {
		if kind&2 != 0 {
			r.u32()
		}
		r.expression()
	}
	if kind&3 != 0 {
		r.byte()
	}
	if kind&4 != 0 {
		r.vector(1, func() { r.expression() })
		return
	}
	r.vector(1, func() { r.u32() })
}
