package golden

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unsafe"

	"upset/npu"
)

// storeWriter writes lists of flat values. After an error it does nothing more.
type storeWriter struct {
	out    io.Writer
	err    error
	pieces map[*byte]uint64 // those that are written, by their number
}

func (w *storeWriter) bytes(b []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(b)
	}
}

func (w *storeWriter) number(n uint64) { w.bytes(binary.LittleEndian.AppendUint64(nil, n)) }

// raw is a list of flat values as it lies in memory.
func raw[T any](list []T) []byte {
	if len(list) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&list[0])), len(list)*int(unsafe.Sizeof(list[0])))
}

// putList writes a list of flat values.
func putList[T any](w *storeWriter, list []T) {
	w.number(uint64(len(list)))
	w.bytes(raw(list))
}

// points writes points. Pieces that were written before, which neighbouring points share,
// are named by their number.
func (w *storeWriter) points(list []Point) {
	w.number(uint64(len(list)))
	for i := range list {
		p := &list[i]
		w.number(p.Cycle)
		w.bytes(raw([]bool{p.Begin, p.begin}))
		w.bytes(raw([]npu.Flops{p.Flops}))
		w.shared(p.RAM)
		w.shared(p.Mem)
	}
}

func (w *storeWriter) shared(list [][]byte) {
	w.number(uint64(len(list)))
	for _, b := range list {
		n, known := w.pieces[&b[0]]
		if !known {
			n = uint64(len(w.pieces))
			w.pieces[&b[0]] = n
		}
		w.number(n)
		if !known {
			putList(w, b)
		}
	}
}

// storeReader reads what storeWriter writes. Left are the bytes that there are.
type storeReader struct {
	in     io.Reader
	left   int64
	err    error
	pieces [][]byte
}

func (r *storeReader) fill(b []byte) {
	if r.err != nil {
		return
	}
	if int64(len(b)) > r.left {
		r.err = io.ErrUnexpectedEOF
		return
	}
	r.left -= int64(len(b))
	_, r.err = io.ReadFull(r.in, b)
}

// count reads the length of a list of values of a size.
func (r *storeReader) count(size uintptr) int {
	n := r.number()
	if r.err == nil && n > uint64(r.left)/uint64(size) {
		r.err = fmt.Errorf("a list of %d values does not fit", n)
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

func (r *storeReader) bytes(n int) []byte {
	b := make([]byte, n)
	r.fill(b)
	return b
}

func (r *storeReader) number() uint64 {
	var b [8]byte
	r.fill(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// getList reads a list of flat values.
func getList[T any](r *storeReader) []T {
	var v T
	list := make([]T, r.count(unsafe.Sizeof(v)))
	r.fill(raw(list))
	return list
}

func (r *storeReader) points() []Point {
	list := make([]Point, r.count(unsafe.Sizeof(npu.Flops{})))
	for i := range list {
		p := &list[i]
		p.Cycle = r.number()
		var flags [2]byte
		r.fill(flags[:])
		p.Begin, p.begin = flags[0] != 0, flags[1] != 0
		r.fill(raw(unsafe.Slice(&p.Flops, 1)))
		p.RAM, p.Mem = r.shared(), r.shared()
		if r.err != nil {
			return nil
		}
	}
	return list
}

func (r *storeReader) shared() [][]byte {
	list := make([][]byte, r.count(8))
	for i := range list {
		n := r.number()
		switch {
		case r.err != nil:
			return nil
		case n == uint64(len(r.pieces)):
			r.pieces = append(r.pieces, getList[byte](r))
		case n > uint64(len(r.pieces)):
			r.err = errors.New("a piece is missing")
			return nil
		}
		list[i] = r.pieces[n]
	}
	return list
}

// checkStore compares the digest at the end with all that stands before it, and returns
// its size.
func checkStore(in io.ReadSeeker) (size int64, err error) {
	end, err := in.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = in.Seek(0, io.SeekStart)
	}
	if err != nil {
		return 0, fmt.Errorf("fault-free runs: %w", err)
	}
	size = end - sha256.Size
	if size < 0 {
		return 0, fmt.Errorf("%w: they are cut off", ErrStore)
	}
	h := sha256.New()
	if _, err := io.CopyN(h, in, size); err != nil {
		return 0, fmt.Errorf("fault-free runs: %w", err)
	}
	want := make([]byte, sha256.Size)
	if _, err := io.ReadFull(in, want); err != nil {
		return 0, fmt.Errorf("fault-free runs: %w", err)
	}
	if !bytes.Equal(h.Sum(nil), want) {
		return 0, fmt.Errorf("%w: they are damaged", ErrStore)
	}
	_, err = in.Seek(0, io.SeekStart)
	return size, err
}

// store writes a record of lives that is closed.
func (l *lifetimes) store(w *storeWriter) {
	putList(w, []int64{int64(l.looked), int64(l.size), int64(l.fine), int64(l.unit)})
	sizes, all := make([]uint32, len(l.words)), []span{}
	for i, s := range l.words {
		sizes[i] = uint32(len(s))
		all = append(all, s...)
	}
	putList(w, sizes)
	putList(w, all)
}

func loadLifetimes(r *storeReader) *lifetimes {
	l := new(lifetimes)
	head, sizes, all := getList[int64](r), getList[uint32](r), getList[span](r)
	if len(head) != 4 && r.err == nil {
		r.err = io.ErrUnexpectedEOF
	}
	if r.err != nil {
		return l
	}
	l.looked, l.size, l.fine, l.unit = uint32(head[0]), int(head[1]), int(head[2]), int(head[3])
	l.words = make([][]span, len(sizes))
	for i, n := range sizes {
		if int(n) > len(all) {
			r.err = io.ErrUnexpectedEOF
			return l
		}
		if n > 0 {
			l.words[i], all = all[:n:n], all[n:]
		}
	}
	return l
}

// store writes a record of instants that is closed.
func (l *windows) store(w *storeWriter) {
	sparse := int64(0)
	if l.sparse {
		sparse = 1
	}
	putList(w, []int64{int64(l.rows), int64(l.stride), int64(l.last), sparse})
	l.lifetimes.store(w)
	putList(w, l.live)
	putList(w, l.next)
	putList(w, l.moments)
}

func loadWindows(r *storeReader) *windows {
	l := new(windows)
	head := getList[int64](r)
	if len(head) != 4 && r.err == nil {
		r.err = io.ErrUnexpectedEOF
	}
	if r.err != nil {
		return l
	}
	l.rows, l.stride, l.last, l.sparse = int(head[0]), int(head[1]), int32(head[2]), head[3] != 0
	l.lifetimes, l.live, l.next = loadLifetimes(r), getList[uint64](r), getList[int32](r)
	if list := getList[uint64](r); len(list) > 0 {
		l.moments = list
	}
	return l
}
