package isa

import (
	"fmt"
	"io"
	"strings"
)

// Command is one decoded command of a stream.
type Command struct {
	Offset  int // bytes from the start of the stream
	Word    uint32
	Payload uint32
	Long    bool // a payload word follows the first
	Kind    Kind
	Name    string // public name, or "invalid"
	Note    string // decoded fields in words, may be empty
}

// Disassemble splits a stream into its commands, up to and including the first
// invalid one. A stream that ends inside a command ends with an invalid one.
func Disassemble(words []uint32) []Command {
	var out []Command
	for i := 0; i < len(words); i++ {
		c := Command{Offset: 4 * i, Word: words[i]}
		var x int
		c.Kind, x = Classify(c.Word)
		if c.Kind == KindSet2 {
			if i+1 == len(words) {
				c.Kind = KindInvalid
			} else {
				i++
				c.Long, c.Payload = true, words[i]
			}
		}
		switch {
		case c.Kind == KindInvalid:
			c.Name = "invalid"
			return append(out, c)
		case c.Kind == KindOp:
			c.Name, c.Note = Opcode(x).String(), opNote(Opcode(x), Param(c.Word))
		case x < 0:
			c.Name = fmt.Sprintf("NPU_SET_USER_DEFINED%d", c.Word&opcodeMask-userDefined0)
		default:
			c.Name, c.Note = Table[x].Name, regNote(Reg(x), c.Word, c.Payload)
		}
		out = append(out, c)
	}
	return out
}

// String is one line: offset, payload, parameter, code, name and decoded fields.
func (c *Command) String() string {
	payload := "        "
	if c.Long {
		payload = fmt.Sprintf("%08x", c.Payload)
	}
	line := fmt.Sprintf("0x%06x: %s %04x %04x  %-26s %s", c.Offset, payload, Param(c.Word), c.Word&0xffff, c.Name, c.Note)
	return strings.TrimRight(line, " ")
}

// WriteListing prints the disassembly of a stream.
func WriteListing(w io.Writer, words []uint32) error {
	if _, err := fmt.Fprintln(w, "offset    payload  par. code  command                    value"); err != nil {
		return err
	}
	for _, c := range Disassemble(words) {
		if _, err := fmt.Fprintln(w, c.String()); err != nil {
			return err
		}
	}
	return nil
}

func pick(names []string, i uint32) string {
	if int(i) < len(names) && names[i] != "" {
		return names[i]
	}
	return fmt.Sprintf("reserved %d", i)
}

var (
	poolNames    = []string{"max", "average", "reduce sum"}
	elemNames    = []string{"mul", "add", "sub", "min", "max", "leaky relu", "abs", "clz", "shr", "shl"}
	formatNames  = []string{"NHWC", "NHCWB16"}
	roundNames   = []string{"double", "truncate", "natural"}
	upscaleNames = []string{"none", "nearest", "zeros"}
	accNames     = []string{"int32", "int40", "s5.10"}
)

func opNote(op Opcode, p uint32) string {
	switch op {
	case OpPool:
		return pick(poolNames, p&7)
	case OpElementwise:
		return pick(elemNames, p&0x3f)
	case OpKernelWait, OpDMAWait:
		return fmt.Sprintf("at most %d under way", p&15)
	case OpStop, OpIRQ:
		return fmt.Sprintf("mask 0x%04x", p)
	}
	return ""
}

func signName(v uint32) string {
	if v&1 != 0 {
		return "signed"
	}
	return "unsigned"
}

// regNote says what a SET command means.
func regNote(r Reg, word, payload uint32) string {
	v := Param(word)
	switch r {
	case IFMPrecision, IFM2Precision:
		return fmt.Sprintf("%s %d-bit %s, add mode %d, round %s", signName(v), 8*elementBytes(v>>2), pick(formatNames, v>>6&3), v>>8&3, pick(roundNames, v>>14&3))
	case OFMPrecision:
		scale := "per channel"
		if v>>8&1 != 0 {
			scale = "global"
		}
		return fmt.Sprintf("%s %d-bit %s, scale %s, round %s", signName(v), 8*elementBytes(v>>1), pick(formatNames, v>>6&3), scale, pick(roundNames, v>>14&3))
	case IFMUpscale:
		return pick(upscaleNames, v&3)
	case AccFormat:
		return pick(accNames, v&3)
	case KernelStride:
		order := "depth first"
		if v>>2&1 != 0 {
			order = "part kernel first"
		}
		return fmt.Sprintf("x %d, y %d, dilation x %d, y %d, weights %s", (v&1|v>>6&1<<1)+1, (v>>1&1|v>>9&1<<1)+1, v>>3&1+1, v>>4&1+1, order)
	case Activation:
		switch f := v & 0x1f; {
		case f == ActTanh:
			return "tanh"
		case f == ActSigmoid:
			return "sigmoid"
		case f >= ActTable && f < ActTable+8:
			return fmt.Sprintf("table %d, clip %d", f-ActTable, v>>12&7)
		}
		return "clamp"
	case IFMZeroPoint, IFM2ZeroPoint, OFMZeroPoint, ActivationMin, ActivationMax, IFM2Scalar:
		return fmt.Sprint(int16(v))
	case IFM2Broadcast:
		return fmt.Sprintf("H %d, W %d, C %d, scalar %d, swapped %d", v&1, v>>1&1, v>>2&1, v>>7&1, v>>6&1)
	case IFMIBEnd, IFM2IBStart, ABStart:
		return fmt.Sprintf("%d KiB", v)
	case DMA0SrcRegion, DMA0DstRegion:
		if v>>8&1 != 0 {
			return "shared buffer"
		}
		return fmt.Sprintf("region %d", v&7)
	case OFMScale, OPAScale:
		return fmt.Sprintf("%d, shift %d", payload, v&0x3f)
	}
	if Table[r].Via == ViaParam {
		if strings.HasSuffix(Table[r].Name, "_M1") {
			return fmt.Sprintf("%d", v+1)
		}
		return fmt.Sprint(v)
	}
	return fmt.Sprint(payload)
}
