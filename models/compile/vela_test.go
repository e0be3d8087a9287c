package compile

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/tflite"
	"upset/npu/isa"
	"upset/npu/mlw"
)

// shared returns the folder with the test data beside the project, or skips.
func shared(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(filepath.Dir(dir), "shared")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no test data: %v", err)
	}
	return path
}

// load reads a model.
func load(t testing.TB, path string) *tflite.Model {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := tflite.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// weightStream is the weight stream of one operation of a compiled network.
type weightStream struct {
	data []byte
	dec  isa.Decoded
}

// velaCommand is one command stream with its flash image.
type velaCommand struct {
	words []uint32
	flash []byte
}

// velaCommands returns the command streams of a network compiled by Vela.
func velaCommands(m *tflite.Model) []velaCommand {
	var found []velaCommand
	g := &m.Subgraphs[0]
	for _, op := range g.Operators {
		if op.Custom != "ethos-u" {
			continue
		}
		payload, flash := g.Tensors[op.Inputs[0]].Data, g.Tensors[op.Inputs[1]].Data
		words := make([]uint32, len(payload)/4)
		for i := range words {
			words[i] = binary.LittleEndian.Uint32(payload[4*i:])
		}
		for i := 1; i < len(words); i++ {
			switch words[i] & 0xff {
			case 1:
				i += 2
			case 2:
				n := int(words[i]>>16 | words[i]>>8&0xff<<16)
				found = append(found, velaCommand{words[i+1 : i+1+n], flash})
				i += n
			}
		}
	}
	return found
}

// velaStreams returns the weight streams of a network compiled by Vela.
func velaStreams(m *tflite.Model) []weightStream {
	var found []weightStream
	for _, s := range velaCommands(m) {
		found = append(found, weightsOf(s.words, s.flash)...)
	}
	return found
}

// weightsOf follows the DMA of a command stream to find its weights in flash.
func weightsOf(words []uint32, flash []byte) []weightStream {
	var found []weightStream
	var regs isa.Registers
	type dma struct{ src, dst, n uint32 }
	var dmas []dma
	for i := 0; i < len(words); i++ {
		kind, reg := isa.Classify(words[i])
		switch kind {
		case isa.KindSet:
			regs.Set(reg, words[i], 0)
		case isa.KindSet2:
			regs.Set(reg, words[i], words[i+1])
			i++
		case isa.KindOp:
			op := isa.Opcode(reg)
			if op == isa.OpDMAStart && regs[isa.DMA0DstRegion] == 1 {
				dmas = append(dmas, dma{regs[isa.DMA0Src], regs[isa.DMA0Dst], regs[isa.DMA0Len]})
			}
			d := isa.Decode(&regs, op, isa.Param(words[i]))
			if !d.UsesWeights {
				continue
			}
			at := d.WeightBase
			if d.WeightReg == 1 {
				for j := len(dmas) - 1; j >= 0; j-- {
					if m := dmas[j]; at >= m.dst && at+d.WeightLen <= m.dst+m.n {
						at = m.src + at - m.dst
						break
					}
				}
			}
			found = append(found, weightStream{flash[at : at+d.WeightLen], d})
		}
	}
	return found
}

// The encoder must not be more than 5 % larger than Vela over whole networks.
func TestWeightSizeAgainstVela(t *testing.T) {
	dir := filepath.Join(shared(t), "vela", "ethos-u55-128")
	files, err := filepath.Glob(filepath.Join(dir, "*_vela.tflite"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no compiled networks in %s: %v", dir, err)
	}
	for _, file := range files {
		if strings.Contains(file, "mobilenet") && os.Getenv("UPSET_FULL") == "" {
			continue
		}
		ours, theirs := 0, 0
		for _, s := range velaStreams(load(t, file)) {
			tr := mlw.Traversal{
				OD: s.dec.OFMD, KH: s.dec.KH, KW: s.dec.KW, ID: s.dec.IFMD, BlockDepth: s.dec.BlkD,
				UBlockDepth: 8, IFMBits: 8 * s.dec.IFM.Bytes, Depthwise: s.dec.Depthwise, PartKernel: s.dec.PartKernel,
				DilX: s.dec.DilX, DilY: s.dec.DilY,
			}
			n := tr.Count()
			weights, err := mlw.Decode(s.data, n)
			if err != nil {
				t.Fatalf("%s: %v", filepath.Base(file), err)
			}
			if len(weights) != n {
				t.Errorf("%s: %d weights, traversal expects %d", filepath.Base(file), len(weights), n)
			}
			i := 0
			tr.Order(func(oc, _, _, _ int) {
				if oc < 0 && weights[i] != 0 {
					t.Fatalf("%s: padding weight %d is %d", filepath.Base(file), i, weights[i])
				}
				i++
			})
			theirs += len(s.data)
			ours += len(mlw.Encode(weights))
		}
		if theirs == 0 {
			continue
		}
		t.Logf("%s: %d bytes, Vela %d (%+.2f %%)", filepath.Base(file), ours, theirs, 100*float64(ours-theirs)/float64(theirs))
		if float64(ours) > 1.05*float64(theirs) {
			t.Errorf("%s: %d bytes of weights, Vela needs %d", filepath.Base(file), ours, theirs)
		}
	}
}
