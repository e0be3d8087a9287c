// A criterion and a rule for upset, built with the standard toolchain:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o example.wasm ./testdata/guest/go
//
// The criterion calls a wrong output critical when its largest element is another
// one. The rule selects the rows whose first score is positive.
package main

import "unsafe"

func main() {}

// buffers keep what was handed out.
var buffers [][]byte

//go:wasmexport upset_abi
func abi() int32 { return 1 }

//go:wasmexport upset_alloc
func alloc(size int32) int32 {
	b := make([]byte, max(1, size))
	buffers = append(buffers, b)
	return int32(uintptr(unsafe.Pointer(&b[0])))
}

func view[T any](at int32, n int32) []T { return unsafe.Slice((*T)(unsafe.Pointer(uintptr(at))), n) }

//go:wasmexport upset_criterion
func criterion(golden, faulty, size int32) int32 {
	if largest(view[int8](golden, size)) != largest(view[int8](faulty, size)) {
		return 1
	}
	return 0
}

func largest(v []int8) (best int) {
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}

// table describes a table of scores.
type table struct {
	data, rows, width int32
	scale             float32
	zero              int32
}

//go:wasmexport upset_rule
func rule(tables, count int32) int32 {
	t := view[table](tables, count)[0]
	answer := []int32{0}
	for row := range t.rows {
		if int32(view[int8](t.data+row*t.width, 1)[0]) > t.zero {
			answer = append(answer, row)
		}
	}
	answer[0] = int32(len(answer) - 1)
	last = answer
	return int32(uintptr(unsafe.Pointer(&answer[0])))
}

// last keeps the answer until the next call.
var last []int32
