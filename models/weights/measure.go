// Package weights compares the sizes of compressed weight streams with those
// that Vela writes.
package weights

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"upset/models/network"
	"upset/npu/isa"
	"upset/npu/mlw"
)

// Comparison is one network on one configuration. Sizes are bytes of the
// compressed weights, each stream counted once, however often it is read.
type Comparison struct {
	Network  string
	Config   isa.Config
	Streams  int // of Vela
	Vela     int // bytes of Vela's streams
	Encoded  int // the same weights in the same order by our encoder
	Compiled int // streams of the network compiled by us
}

// Ratio is the size by our encoder over Vela's.
func (c *Comparison) Ratio() float64 { return ratio(c.Encoded, c.Vela) }

// CompiledRatio is the size of our compiled network's streams over Vela's.
func (c *Comparison) CompiledRatio() float64 { return ratio(c.Compiled, c.Vela) }

func ratio(ours, vela int) float64 { return float64(ours) / float64(vela) }

const (
	networkSuffix = "_vela.tflite"
	modelSuffix   = ".tflite"
)

// Networks lists the networks that Vela compiled for a configuration.
func Networks(vela string, c isa.Config) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(vela, "ethos-"+c.String(), "*"+networkSuffix))
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), networkSuffix)
	}
	return files, nil
}

// Compare measures one network of the folders with Vela's outputs and with the
// models. The result is nil for a network without weights.
func Compare(vela, models, name string, c isa.Config) (*Comparison, error) {
	theirs, err := programs(filepath.Join(vela, "ethos-"+c.String(), name+networkSuffix), c)
	if err != nil {
		return nil, err
	}
	out := &Comparison{Network: name, Config: c}
	for _, s := range theirs {
		n := s.order.Count()
		w, err := mlw.Decode(s.data, n)
		if err != nil {
			return nil, fmt.Errorf("%s: weight stream at %d: %w", name, s.at, err)
		}
		if len(w) != n {
			return nil, fmt.Errorf("%s: weight stream at %d holds %d weights, its operation takes %d", name, s.at, len(w), n)
		}
		out.Streams++
		out.Vela += len(s.data)
		out.Encoded += len(mlw.Encode(w))
	}
	if out.Streams == 0 {
		return nil, nil
	}
	ours, err := programs(filepath.Join(models, name+modelSuffix), c)
	if err != nil {
		return nil, err
	}
	for _, s := range ours {
		out.Compiled += len(s.data)
	}
	return out, nil
}

// stream is a weight stream in flash and the order in which it is consumed.
type stream struct {
	at    int
	data  []byte
	order mlw.Traversal
}

// programs opens a network, compiling it where Vela has not, and returns the
// weight streams of all its programs.
func programs(file string, c isa.Config) ([]stream, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	n, err := network.Open(data, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var list []stream
	for _, p := range n.Programs() {
		found, err := streams(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		list = append(list, found...)
	}
	return list, nil
}

// transfer is a DMA from flash to the arena.
type transfer struct{ src, dst, n int }

// streams follows the transfers of a program to find its weights in flash.
func streams(p *network.Program) ([]stream, error) {
	var (
		found     []stream
		regs      isa.Registers
		transfers []transfer
	)
	seen := map[[2]int]bool{}
	for i := 0; i < len(p.Commands); i++ {
		word := p.Commands[i]
		kind, reg := isa.Classify(word)
		switch kind {
		case isa.KindSet:
			regs.Set(reg, word, 0)
		case isa.KindSet2:
			if i++; i == len(p.Commands) {
				return nil, fmt.Errorf("the command stream ends within a command")
			}
			regs.Set(reg, word, p.Commands[i])
		case isa.KindOp:
			op := isa.Opcode(reg)
			if op == isa.OpDMAStart {
				t := isa.DecodeTransfer(&regs)
				transfers = append(transfers, transfer{int(t.Src), int(t.Dst), int(t.Bytes)})
			}
			d := isa.Decode(&regs, op, isa.Param(word))
			if !d.UsesWeights {
				continue
			}
			at, n := int(d.WeightBase), int(d.WeightLen)
			if d.WeightReg != 0 {
				at = source(transfers, at, n)
			}
			if at < 0 || at+n > len(p.Flash) {
				return nil, fmt.Errorf("word %d: weights of %d bytes at %d do not lie in flash", i, n, d.WeightBase)
			}
			if id := [2]int{at, n}; !seen[id] {
				seen[id] = true
				found = append(found, stream{at, p.Flash[at : at+n], order(&d, p.Config)})
			}
		}
	}
	return found, nil
}

// source is the flash offset of bytes that the last transfer brought to an arena
// offset, or -1.
func source(transfers []transfer, at, n int) int {
	for i := len(transfers) - 1; i >= 0; i-- {
		if t := transfers[i]; at >= t.dst && at+n <= t.dst+t.n {
			return t.src + at - t.dst
		}
	}
	return -1
}

// order is the traversal of an operation.
func order(d *isa.Decoded, c isa.Config) mlw.Traversal {
	return mlw.Traversal{
		OD: d.OFMD, KH: d.KH, KW: d.KW, ID: d.IFMD, BlockDepth: d.BlkD, UBlockDepth: c.Spec().UBlockD,
		IFMBits: 8 * d.IFM.Bytes, Depthwise: d.Depthwise, PartKernel: d.PartKernel, DilX: d.DilX, DilY: d.DilY,
	}
}
