package network

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu/isa"
)

// MaxFrames bounds the inferences of a sequence (our choice).
const MaxFrames = 256

// jobAlign is the alignment of the flash images and streams of the jobs of a program:
// a burst of the NPU does not cross 64 bytes (our choice).
const jobAlign = 64

// schedule is what the host does before, between and behind the jobs of a program. All
// that it keeps lies in the SRAM behind the memory of the NPU: the number of the job
// under way, the tensors that it computes or passes on, and the inputs and outputs of
// all frames.
type schedule struct {
	graph   *tflite.Subgraph
	counter int         // where the number of the job under way lies
	alarm   int         // where the bound lies in which a comparison has failed, -1 without any
	retried int         // where it lies that a job was run once more, -1 where none ever is
	slots   map[int]int // where tensors of the host lie
	bounds  []bound     // before job 0, 1, … and behind the last one
}

// bound is what the host does between two jobs.
type bound struct {
	actions       []action
	supply        int // the first action that is done again where the job behind is
	reads, writes []Range
}

// action is an operator that the host computes, or a copy or comparison.
type action struct {
	operator       int // index in the graph, or one of those below
	from, to, size int // of a copy or comparison, in bytes from the start of SRAM
}

// Actions that are no operator.
const (
	actionCopy    = -1
	actionCompare = -2
	actionClear   = -3
)

// kernels holds the prepared operators of a host. It is not safe for concurrent use.
type kernels struct {
	of     map[int]reference.Kernel
	values [][]byte
}

// kernels makes the memory for prepared operators.
func (s *schedule) kernels() *kernels {
	return &kernels{of: map[int]reference.Kernel{}, values: make([][]byte, len(s.graph.Tensors))}
}

// kernel prepares an operator when it is first needed.
func (k *kernels) kernel(g *tflite.Subgraph, op int) reference.Kernel {
	run := k.of[op]
	if run == nil {
		var err error
		if run, err = reference.Prepare(g, &g.Operators[op]); err != nil {
			panic(fmt.Sprintf("network: operator %d could be prepared before, and now: %v", op, err))
		}
		k.of[op] = run
	}
	return run
}

// job is the number of the job under way, or -1 where a stray write of the NPU has
// overwritten it.
func (s *schedule) job(mem *isa.Memory) int {
	if k := binary.LittleEndian.Uint32(mem.SRAM[s.counter:]); int64(k) < int64(len(s.bounds)) {
		return int(k)
	}
	return -1
}

// step does what the host does before job k.
func (s *schedule) step(k int, mem *isa.Memory, run *kernels) {
	binary.LittleEndian.PutUint32(mem.SRAM[s.counter:], uint32(k))
	s.do(k, s.bounds[k].actions, mem, run)
}

// do performs actions before job k.
func (s *schedule) do(k int, actions []action, mem *isa.Memory, run *kernels) {
	for _, a := range actions {
		switch a.operator {
		case actionCopy:
			copy(mem.SRAM[a.to:a.to+a.size], mem.SRAM[a.from:a.from+a.size])
			continue
		case actionClear:
			clear(mem.SRAM[a.to : a.to+a.size])
			continue
		case actionCompare:
			if alarm := mem.SRAM[s.alarm : s.alarm+4]; binary.LittleEndian.Uint32(alarm) == 0 && !bytes.Equal(mem.SRAM[a.to:a.to+a.size], mem.SRAM[a.from:a.from+a.size]) {
				binary.LittleEndian.PutUint32(alarm, uint32(k))
			}
			continue
		}
		op := &s.graph.Operators[a.operator]
		for _, list := range [2][]int{op.Inputs, op.Outputs} {
			for _, id := range list {
				if id < 0 {
					continue
				}
				t := &s.graph.Tensors[id]
				if at, ok := s.slots[id]; ok {
					n := t.Bytes()
					run.values[id] = mem.SRAM[at : at+n : at+n]
				} else {
					run.values[id] = t.Data
				}
			}
		}
		run.kernel(s.graph, a.operator)(run.values)
	}
}

// digest is the SHA-256 of all that decides what the host does.
func (s *schedule) digest() string {
	type operator struct {
		*tflite.Operator
		Tensors []*tflite.Tensor
	}
	h := sha256.New()
	for _, b := range s.bounds {
		for _, a := range b.actions {
			fmt.Fprintf(h, "%+v\n", a)
			if a.operator < 0 {
				continue
			}
			o := operator{Operator: &s.graph.Operators[a.operator]}
			for _, id := range append(slices.Clone(o.Inputs), o.Outputs...) {
				if id >= 0 && id < len(s.graph.Tensors) {
					o.Tensors = append(o.Tensors, &s.graph.Tensors[id])
				}
			}
			text, err := json.Marshal(o)
			if err != nil { // a scale that is no number
				text = fmt.Appendf(nil, "%+v", o)
			}
			h.Write(text)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
