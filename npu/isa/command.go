package isa

import "fmt"

// Opcode is the ten-bit operation code of a one-word command that is not a SET.
type Opcode uint16

// The operations (Arm U55 register header).
const (
	OpStop        Opcode = 0x000
	OpIRQ         Opcode = 0x001
	OpConv        Opcode = 0x002
	OpDepthwise   Opcode = 0x003
	OpPool        Opcode = 0x005
	OpElementwise Opcode = 0x006
	OpDMAStart    Opcode = 0x010
	OpDMAWait     Opcode = 0x011
	OpKernelWait  Opcode = 0x012
	OpPMUMask     Opcode = 0x013
)

// Kernel reports whether the operation runs on the MAC and output pipeline.
func (o Opcode) Kernel() bool {
	return o == OpConv || o == OpDepthwise || o == OpPool || o == OpElementwise
}

var opNames = map[Opcode]string{
	OpStop: "NPU_OP_STOP", OpIRQ: "NPU_OP_IRQ", OpConv: "NPU_OP_CONV", OpDepthwise: "NPU_OP_DEPTHWISE",
	OpPool: "NPU_OP_POOL", OpElementwise: "NPU_OP_ELEMENTWISE", OpDMAStart: "NPU_OP_DMA_START",
	OpDMAWait: "NPU_OP_DMA_WAIT", OpKernelWait: "NPU_OP_KERNEL_WAIT", OpPMUMask: "NPU_OP_PMU_MASK",
}

// String returns the public name, for example NPU_OP_CONV.
func (o Opcode) String() string {
	if s, ok := opNames[o]; ok {
		return s
	}
	return fmt.Sprintf("NPU_OP_%03x", uint16(o))
}

// Pooling modes: bits 2:0 of the parameter of OpPool.
const (
	PoolMax       = 0
	PoolAverage   = 1
	PoolReduceSum = 2
)

// Elementwise modes: bits 5:0 of the parameter of OpElementwise.
const (
	ElemMul   = 0
	ElemAdd   = 1
	ElemSub   = 2
	ElemMin   = 3
	ElemMax   = 4
	ElemLRelu = 5
	ElemAbs   = 6
	ElemCLZ   = 7
	ElemSHR   = 8
	ElemSHL   = 9
)

// Word fields: 9:0 opcode, 13:10 zero, 15:14 control, 31:16 parameter.
const (
	controlShift = 14
	paramShift   = 16
	opcodeMask   = 0x3ff
	reservedMask = 0x3c00
)

// What is a command parse error beyond an unknown command is not public
// (inferred). LastElementwise and UnknownCommand belong to the same list.
const (
	// ReservedBitsAreErrors refuses a first word whose bits 13:10 are not zero.
	ReservedBitsAreErrors = true
	// MissingStopIsError refuses a stream that ends without NPU_OP_STOP or inside a
	// command.
	MissingStopIsError = true
	// LastElementwise is the last defined elementwise mode; an operation with a
	// higher one is a parse error.
	LastElementwise = ElemSHL
)

// UnknownCommand is what a first word is whose control bits are 2 or 3, or whose
// code the table does not have, the codes of other products included (inferred).
const UnknownCommand = KindInvalid

// ResetValue is what every SET register holds after reset (inferred: no stream
// relies on a register that it did not set).
const ResetValue = 0

// userDefined0 to userDefined7 are accepted and have no function.
const userDefined0, userDefined7 = 0x0a0, 0x0a7

var (
	paramIndex   [1024]int16
	payloadIndex [1024]int16
	opValid      [1024]bool
)

func init() {
	for i := range paramIndex {
		paramIndex[i], payloadIndex[i] = -1, -1
	}
	for r, info := range Table {
		switch info.Via {
		case ViaParam:
			paramIndex[info.Opcode] = int16(r)
		case ViaPayload:
			payloadIndex[info.Opcode] = int16(r)
		}
	}
	for op := range opNames {
		opValid[op] = true
	}
}

// Kind classifies a first command word.
type Kind uint8

// Kinds of a first word.
const (
	KindInvalid Kind = iota // no such command: a parse error
	KindOp                  // an operation, one word
	KindSet                 // a register from the parameter, one word
	KindSet2                // a register from a payload word that follows
)

// Classify reads the first word of a command: its kind and, for the two SET
// kinds, the register, or -1 where the register has no function.
func Classify(w uint32) (Kind, int) {
	if ReservedBitsAreErrors && w&reservedMask != 0 {
		return KindInvalid, 0
	}
	op := w & opcodeMask
	switch w >> controlShift & 3 {
	case 0:
		if opValid[op] {
			return KindOp, int(op)
		}
		if r := paramIndex[op]; r >= 0 {
			return KindSet, int(r)
		}
	case 1:
		if r := payloadIndex[op]; r >= 0 {
			return KindSet2, int(r)
		}
		if op >= userDefined0 && op <= userDefined7 {
			return KindSet2, -1
		}
	}
	return UnknownCommand, 0
}

// Param returns the 16-bit parameter of a first word.
func Param(w uint32) uint32 { return w >> paramShift }

// Registers is the register file that SET commands fill, one value per Reg,
// always within the register's mask.
type Registers [NumRegs]uint32

// Reset gives every register its value after reset.
func (r *Registers) Reset() {
	for i := range r {
		r[i] = ResetValue & Table[i].Mask
	}
}

// Set stores the value of a SET command. The first word gives the parameter;
// payload is ignored by one-word commands.
func (r *Registers) Set(reg int, word, payload uint32) {
	if reg < 0 || reg >= int(NumRegs) {
		return
	}
	info := &Table[reg]
	if info.Via == ViaParam {
		r[reg] = Param(word) & info.Mask
		return
	}
	r[reg] = payload & info.Mask
	if info.Shift >= 0 {
		r[info.Shift] = Param(word) & Table[info.Shift].Mask
	}
}

// Stream builds a command stream. Set leaves out values that are unchanged.
type Stream struct {
	Words []uint32
	regs  Registers
	known [NumRegs]bool
}

// Set emits the SET command for reg unless it already holds v. For OFM_SCALE
// and OPA_SCALE use SetScale.
func (s *Stream) Set(reg Reg, v uint32) {
	info := &Table[reg]
	v &= info.Mask
	if s.known[reg] && s.regs[reg] == v {
		return
	}
	s.known[reg], s.regs[reg] = true, v
	if info.Via == ViaParam {
		s.Words = append(s.Words, uint32(info.Opcode)|v<<paramShift)
		return
	}
	s.Words = append(s.Words, uint32(info.Opcode)|1<<controlShift, v)
}

// SetSigned emits a register from a signed value, cut to the register's width.
func (s *Stream) SetSigned(reg Reg, v int) { s.Set(reg, uint32(int32(v))) }

// SetScale emits OFM_SCALE or OPA_SCALE with its shift.
func (s *Stream) SetScale(reg Reg, scale uint32, shift uint) {
	sh := Table[reg].Shift
	if sh < 0 {
		s.Set(reg, scale)
		return
	}
	v := uint32(shift) & Table[sh].Mask
	if s.known[reg] && s.regs[reg] == scale && s.regs[sh] == v {
		return
	}
	s.known[reg], s.regs[reg], s.regs[sh] = true, scale, v
	s.Words = append(s.Words, uint32(Table[reg].Opcode)|1<<controlShift|v<<paramShift, scale)
}

// Op emits an operation.
func (s *Stream) Op(op Opcode, param uint32) {
	s.Words = append(s.Words, uint32(op)|param<<paramShift)
}
