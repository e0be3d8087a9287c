package network

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/models/container"
	"upset/models/executorch"
	"upset/npu/isa"
)

func pteFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(shared(t), "zoo", "pte", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func floats(x ...float32) []byte {
	var b []byte
	for _, f := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return b
}

// runPTE opens a program for the configuration that it is for and runs it.
func runPTE(t *testing.T, data, input []byte) []byte {
	t.Helper()
	c, _, err := container.ConfigOf(data)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	if input == nil {
		input = make([]byte, n.InputBytes())
	}
	out, err := n.RunFunctional(input)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPTE runs the programs of the data folder. The smallest adds two numbers between
// quantise and dequantise: 0.5 + 0.25 = 0.7529 in steps of 2/255.
func TestPTE(t *testing.T) {
	const step = float32(0.007843137718737125) // of the output; 0.5 and 0.25 are 128 and 64 steps of half the size
	if got := runPTE(t, pteFile(t, "arm-minimal-u55-128.pte"), floats(0.5, 0.25)); !bytes.Equal(got, floats(step*96)) {
		t.Errorf("0.5 + 0.25 = %v", math.Float32frombits(binary.LittleEndian.Uint32(got)))
	}
	if got := runPTE(t, pteFile(t, "himax-add-int32io-u55-64.pte"), nil); len(got) != 20 {
		t.Errorf("%d bytes", len(got))
	}
	if got := runPTE(t, pteFile(t, "himax-mbv2-cifar10-u55-64.pte"), nil); len(got) != 10 {
		t.Errorf("%d bytes", len(got))
	}
	_, err := Open(pteFile(t, "cpu-only-add.pte"), isa.U55x128)
	if err == nil || !strings.Contains(err.Error(), "no delegate") || !strings.Contains(err.Error(), "aten::add.out") {
		t.Errorf("a program for the CPU: %v", err)
	}
	_, err = Open(pteFile(t, "arm-minimal-u55-128.pte"), isa.U55x64)
	if err == nil || !strings.Contains(err.Error(), "u55-128") {
		t.Errorf("another configuration: %v", err)
	}
}

// addBlob is the delegate of a program that adds two int8 values.
func addBlob(t testing.TB) []byte {
	t.Helper()
	p, err := executorch.Parse(pteFile(t, "arm-minimal-u55-128.pte"))
	if err != nil {
		t.Fatal(err)
	}
	return p.Delegates[0].Blob
}

// TestSeveralDelegates runs a program with two delegates and a reshape between them.
// An output of the addition has twice the scale of its inputs: -128+n and -128+m give
// -128+(n+m)/2.
func TestSeveralDelegates(t *testing.T) {
	m := newPTEMaker()
	order := []byte{0, 1, 2, 3}
	x, y := m.tensor(executorch.Int8, order, 1, 1, 1, 1), m.tensor(executorch.Int8, order, 1, 1, 1, 1)
	sum, shaped, end := m.tensor(executorch.Int8, order, 1, 1, 1, 1), m.tensor(executorch.Int8, []byte{0}, 1), m.tensor(executorch.Int8, order, 1, 1, 1, 1)
	size := m.list(int64(m.number(1)))
	m.delegate(executorch.EthosU, addBlob(t))
	m.delegate(executorch.EthosU, addBlob(t))
	m.call("", 0, x, y, sum)
	m.call("aten::view_copy.out", 0, sum, size, shaped, shaped)
	m.call("", 1, shaped, y, end)
	data := m.file([]int32{x, y}, []int32{end, sum})
	i8 := func(v int) byte { return byte(int8(v)) }
	if got := runPTE(t, data, []byte{i8(-128 + 80), i8(-128 + 40)}); !bytes.Equal(got, []byte{i8(-128 + 50), i8(-128 + 60)}) {
		t.Errorf("got %d and %d", int8(got[0]), int8(got[1]))
	}
	n, err := OpenWith(context.Background(), data, isa.U55x128, Options{Alone: true, Delegate: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := n.RunFunctional([]byte{i8(-128 + 80), i8(-128 + 40)}); err != nil || !bytes.Equal(got, []byte{i8(-128 + 60)}) {
		t.Errorf("the delegate alone gives %v, %v", got, err)
	}
	if _, err := OpenWith(context.Background(), data, isa.U55x128, Options{Alone: true, Delegate: 2}); err == nil || !strings.Contains(err.Error(), "has 2") {
		t.Errorf("delegate 2: %v", err)
	}
}

// TestDelegateInSegment reads a blob from a segment behind the program, where the
// extended header says that the segments begin.
func TestDelegateInSegment(t *testing.T) {
	m := newPTEMaker()
	order := []byte{0, 1, 2, 3}
	x, y, sum := m.tensor(executorch.Int8, order, 1, 1, 1, 1), m.tensor(executorch.Int8, order, 1, 1, 1, 1), m.tensor(executorch.Int8, order)
	m.segment(executorch.EthosU, addBlob(t))
	m.call("", 0, x, y, sum)
	data := m.file([]int32{x, y}, []int32{sum})
	if got := runPTE(t, data, []byte{0xd0, 0xa8}); !bytes.Equal(got, []byte{0xbc}) {
		t.Errorf("the sum of 80 and 40 steps is %v", got)
	}
	if _, err := Open(data[:len(data)-1], isa.U55x128); err == nil || !strings.Contains(err.Error(), "outside the file") {
		t.Errorf("cut off: %v", err)
	}
	data[8] = 'x'
	if _, err := Open(data, isa.U55x128); err == nil || !strings.Contains(err.Error(), "no extended header") {
		t.Errorf("another header: %v", err)
	}
}

// TestHostOfPTE runs what the host computes around a delegate: quantise with ties to
// even and limits, permute, and the change between channels first and last.
func TestHostOfPTE(t *testing.T) {
	m := newPTEMaker()
	one := []byte{0, 1, 2, 3}
	x := m.tensor(executorch.Float32, one, 1, 2, 1, 3)
	q, p, l := m.tensor(executorch.Int8, one, 1, 2, 1, 3), m.tensor(executorch.Int8, one, 1, 3, 2, 1), m.tensor(executorch.Int8, []byte{0, 2, 3, 1}, 1, 3, 2, 1)
	a, b, c := m.tensor(executorch.Int8, one, 1, 1, 1, 1), m.tensor(executorch.Int8, one, 1, 1, 1, 1), m.tensor(executorch.Int8, one, 1, 1, 1, 1)
	m.delegate(executorch.EthosU, addBlob(t))
	m.call("quantized_decomposed::quantize_per_tensor.out", 0, x, m.real(0.5), m.number(1), m.number(-3), m.number(4), m.number(1), q, q)
	m.call("aten::permute_copy.out", 0, q, m.list(int64(m.number(0)), int64(m.number(-1)), int64(m.number(1)), int64(m.number(2))), p, p)
	m.call("dim_order_ops::_to_dim_order_copy.out", 0, p, l, l)
	m.call("", 0, a, b, c)
	data := m.file([]int32{x, a, b}, []int32{p, l, q})
	got := runPTE(t, data, slices.Concat(floats(0.25, 0.75, -9, 9, 1, -0.25), []byte{0, 0}))
	want := []int8{1, 4, 3, 3, -3, 1, // p: 3×2 of q
		1, 3, -3, 4, 3, 1, // l: channels last
		1, 3, -3, 4, 3, 1} // q: 0.25/0.5 = 0.5 rounds to 0, 1.5 to 2
	for i, w := range want {
		if int8(got[i]) != w {
			t.Errorf("got %v, want %v", got, want)
			break
		}
	}
	m = newPTEMaker()
	x, y := m.tensor(executorch.Int8, one, 1, 1, 1, 1), m.tensor(executorch.Int8, one, 1, 1, 1, 1)
	m.delegate(executorch.EthosU, addBlob(t))
	m.call("", 0, x, x, y)
	m.call("aten::mul.out", 0, y, y, x, x)
	if _, err := Open(m.file([]int32{x}, []int32{x}), isa.U55x128); err == nil || !strings.Contains(err.Error(), "aten::mul.out") || !strings.Contains(err.Error(), "--delegate") {
		t.Errorf("another operator: %v", err)
	}
}

// FuzzPTE opens damaged programs and runs those that are still whole.
func FuzzPTE(f *testing.F) {
	f.Add(pteFile(f, "arm-minimal-u55-128.pte"))
	f.Add(pteFile(f, "himax-add-int32io-u55-64.pte"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, compiled, err := container.ConfigOf(data)
		if err != nil || !compiled || container.FormName(data) != container.FormExecuTorch {
			return
		}
		if n, err := Open(data, c); err == nil && n.InputBytes() < 1<<16 {
			runLimited(n)
		}
	})
}
