package container

import (
	"encoding/binary"
	"errors"
	"fmt"

	"upset/npu/isa"
)

// Words and actions of the driver payload (Arm U55 core driver).
const (
	payloadMagic = 0x31504F43 // "COP1"

	actionConfig   = 1 // followed by the CONFIG and the ID word
	actionCommands = 2 // followed by the command stream
	actionReadAPB  = 3
	actionDump     = 4
	actionNOP      = 5

	maxStream = 16 << 20 / 4 // limit of a command stream, in words

	// optimizerVersion stands in the tag of OPTIMIZER_CONFIG: release 0, patch 1
	// (Vela 3.10).
	optimizerVersion = 0x10
	// streamLengthBits is the part of the stream's length, in words, that stands
	// in the tag's parameter; the rest stands in its reserved byte.
	streamLengthBits = 16
)

// StreamAlign is the alignment in bytes that the driver requires of the command stream
// and of every base address (Arm U55 core driver).
const StreamAlign = 16

// maxPayload bounds a payload in words: the stream and as much again (our choice).
const maxPayload = 2 * maxStream

// payload is a parsed driver payload.
type payload struct {
	config, id uint32
	hasConfig  bool
	local      bool // inputs and outputs have address spaces of their own: regions 3 and 4
	commands   []uint32
}

// parsePayload reads the constant tensor that carries the command stream.
func parsePayload(data []byte) (*payload, error) {
	if len(data)%4 != 0 || len(data) < 4 {
		return nil, fmt.Errorf("driver payload of %d bytes is not a list of words", len(data))
	}
	if len(data)/4 > maxPayload {
		return nil, fmt.Errorf("driver payload of %d bytes is longer than the command stream that an NPU takes", len(data))
	}
	words := make([]uint32, len(data)/4)
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(data[4*i:])
	}
	switch words[0] {
	case payloadMagic:
	case payloadMagic2:
		return parseCOP2(data)
	default:
		return nil, fmt.Errorf("driver payload starts with %#08x, not with \"COP1\" or \"COP2\"", words[0])
	}
	p := &payload{}
	for i := 1; i < len(words); i++ {
		tag := words[i]
		switch tag & 0xff {
		case actionConfig:
			if i+2 >= len(words) {
				return nil, fmt.Errorf("driver payload word %d: OPTIMIZER_CONFIG is cut off", i)
			}
			p.config, p.id, p.hasConfig = words[i+1], words[i+2], true
			i += 2
		case actionCommands:
			n := int(tag>>16) + int(tag>>8&0xff)<<16
			if n > maxStream || i+n >= len(words) {
				return nil, fmt.Errorf("driver payload word %d: command stream of %d words, %d are there", i, n, len(words)-i-1)
			}
			if p.commands != nil {
				return nil, fmt.Errorf("driver payload word %d: a second command stream; one is supported", i)
			}
			p.commands = words[i+1 : i+1+n : i+1+n]
			i += n
		case actionReadAPB, actionDump, actionNOP:
		default:
			return nil, fmt.Errorf("driver payload word %d: unknown driver action %d", i, tag&0xff)
		}
	}
	if p.commands == nil {
		return nil, errors.New("driver payload has no command stream")
	}
	return p, nil
}

// EncodePayload builds the constant tensor that carries a command stream, which may have
// 16 MiB.
func EncodePayload(cfg isa.Config, commands []uint32) ([]byte, error) {
	if n := len(commands); n > maxStream {
		return nil, fmt.Errorf("the command stream of %d words is longer than the %d that an NPU takes", n, maxStream)
	}
	words := []uint32{payloadMagic, actionConfig | optimizerVersion<<16, cfg.Spec().ConfigWord, isa.ArchVersion}
	for (4*len(words)+4)%StreamAlign != 0 {
		words = append(words, actionNOP)
	}
	n := uint32(len(commands))
	words = append(words, actionCommands|n>>streamLengthBits<<8|n<<16)
	words = append(words, commands...)
	data := make([]byte, 4*len(words))
	for i, w := range words {
		binary.LittleEndian.PutUint32(data[4*i:], w)
	}
	return data, nil
}

// MismatchError tells that a model was compiled for another NPU.
type MismatchError struct {
	Compiled string // what the model was compiled for
	NPU      string // what was asked for; empty where no NPU of this simulator fits
}

// Error names both sides.
func (e *MismatchError) Error() string {
	if e.NPU == "" {
		return fmt.Sprintf("the model was compiled for %s, which is none of the NPUs simulated here: compile it for u55-32, u55-64, u55-128 or u55-256", e.Compiled)
	}
	if _, err := isa.ParseConfig(e.Compiled); err != nil {
		return fmt.Sprintf("the model was compiled for %s, which is not simulated here, the selected NPU is %s: compile the model again", e.Compiled, e.NPU)
	}
	return fmt.Sprintf("the model was compiled for %s, the selected NPU is %s: select the other NPU or compile the model again", e.Compiled, e.NPU)
}

// check compares the payload's target with a configuration, as the driver does:
// product, MACs per cycle, command stream version, custom DMA and architecture.
// The size of the shared buffer is not compared.
func (p *payload) check(cfg isa.Config) error {
	if !p.hasConfig {
		return errNoConfig
	}
	const customDMA, compared = 1 << 27, 0xf00000ff
	have := cfg.Spec().ConfigWord
	if p.config&compared != have&compared || p.config&customDMA != 0 {
		return &MismatchError{Compiled: configName(p.config), NPU: cfg.String()}
	}
	major, minor := p.id>>28, p.id>>20&0xff
	haveMajor, haveMinor := uint32(isa.ArchVersion)>>28, uint32(isa.ArchVersion)>>20&0xff
	if major != haveMajor || minor > haveMinor {
		return &MismatchError{Compiled: "architecture " + archName(p.id), NPU: cfg.String() + " of architecture " + archName(isa.ArchVersion)}
	}
	return nil
}

// products are the names of the products by the top bits of a CONFIG word, where the
// word says more than their number (Arm U55, U65 and U85 register headers).
var products = [...]string{0: "U55", 1: "U65", 2: "U85"}

// configName names a CONFIG word: one of ours, or its fields.
func configName(word uint32) string {
	name := fmt.Sprintf("u55-%d", 1<<(word&0xf))
	switch product := word >> 28; {
	case product == 0:
	case int(product) < len(products):
		name = fmt.Sprintf("Ethos-%s with %d MACs", products[product], 1<<(word&0xf))
	default:
		name = fmt.Sprintf("Ethos product %d with %d MACs", product, 1<<(word&0xf))
	}
	if v := word >> 4 & 0xf; v != 0 {
		name += fmt.Sprintf(", command stream version %d", v)
	}
	if word>>27&1 != 0 {
		name += ", custom DMA"
	}
	return name
}

// archName prints the architecture version of an ID word.
func archName(id uint32) string {
	return fmt.Sprintf("%d.%d.%d", id>>28, id>>20&0xff, id>>16&0xf)
}
