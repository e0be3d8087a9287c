package executorch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// EthosU is the backend whose blobs Blob reads.
const EthosU = "EthosUBackend"

// Layout of a blob of the Ethos-U backend.
const (
	blockName   = 16
	blockHeader = 32
	blockAlign  = 16
	ioDims      = 6
	ioBytes     = 4 * (ioDims + 3) // shape, element size, offset, region
)

// IO is an input or output of a delegate.
type IO struct {
	Shape    []int
	ElemSize int
	Offset   int
	Region   int
}

// Blob is what a delegate hands to the driver of the NPU.
type Blob struct {
	Commands []byte // driver payload: begins with COP1 or COP2
	Weights  []byte
	Scratch  int
	Inputs   []IO
	Outputs  []IO
}

// ParseBlob reads the chain of blocks of a delegate.
func ParseBlob(data []byte) (*Blob, error) {
	b := &Blob{Scratch: -1}
	if err := b.blocks(data); err != nil {
		return nil, fmt.Errorf("executorch: %w", err)
	}
	if b.Commands == nil || b.Scratch < 0 || b.Inputs == nil || b.Outputs == nil {
		return nil, errors.New("executorch: the delegate lacks one of cmd_data, scratch_size, inputs and outputs")
	}
	return b, nil
}

func (b *Blob) blocks(data []byte) error {
	for at, first := 0, true; ; first = false {
		if len(data)-at < blockHeader {
			return fmt.Errorf("delegate: the block at byte %d of %d is cut off before vela_end_stream", at, len(data))
		}
		h := data[at : at+blockHeader]
		name, _, _ := strings.Cut(string(h[:blockName]), "\x00")
		size := int(binary.LittleEndian.Uint32(h[blockName:]))
		at += blockHeader
		if h[blockName+4] != 0 {
			return fmt.Errorf("delegate: %s lies outside the program, in a data map of its own; export the program with its data inside", name)
		}
		if size > len(data)-at {
			return fmt.Errorf("delegate: %s of %d bytes, %d are there", name, size, len(data)-at)
		}
		if first != (name == "vela_bin_stream") {
			return fmt.Errorf("delegate: block %q at byte %d; a blob begins with one vela_bin_stream", name, at-blockHeader)
		}
		if name == "vela_end_stream" {
			return nil
		}
		if err := b.block(name, data[at:at+size:at+size]); err != nil {
			return fmt.Errorf("delegate: %s: %w", name, err)
		}
		at += min((size+blockAlign-1)&^(blockAlign-1), len(data)-at)
	}
}

func (b *Blob) block(name string, data []byte) (err error) {
	switch name {
	case "cmd_data":
		b.Commands = data
	case "weight_data":
		b.Weights = data
	case "scratch_size":
		if len(data) < 4 {
			return errors.New("it is no number")
		}
		b.Scratch = int(binary.LittleEndian.Uint32(data))
	case "inputs":
		b.Inputs, err = parseIO(data)
	case "outputs":
		b.Outputs, err = parseIO(data)
	}
	return err
}

func parseIO(data []byte) ([]IO, error) {
	if len(data) < 4 {
		return nil, errors.New("it has no count")
	}
	n := int(binary.LittleEndian.Uint32(data))
	if n > (len(data)-4)/ioBytes {
		return nil, fmt.Errorf("%d tensors in %d bytes", n, len(data))
	}
	list := make([]IO, n)
	for i := range list {
		word := func(k int) int { return int(int32(binary.LittleEndian.Uint32(data[4+i*ioBytes+4*k:]))) }
		for k := range ioDims {
			list[i].Shape = append(list[i].Shape, word(k))
		}
		list[i].ElemSize, list[i].Offset, list[i].Region = word(ioDims), word(ioDims+1), word(ioDims+2)
	}
	return list, nil
}
