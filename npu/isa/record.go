package isa

import (
	"encoding/binary"

	"upset/npu/arith"
)

// RecordBytes is the size of a scale record (Vela 3.10).
const RecordBytes = 10

// ScaleRecord is one entry of the scale stream, that of an output channel.
type ScaleRecord struct {
	Bias  int64  // 40 bits
	Scale uint32 // factor
	Shift uint   // 6 bits
}

// ReadRecord reads the record at the start of b, which must hold RecordBytes.
func ReadRecord(b []byte) ScaleRecord {
	low := uint64(binary.LittleEndian.Uint32(b)) | uint64(b[4])<<32
	return ScaleRecord{Bias: arith.SignExtend(low, 40), Scale: binary.LittleEndian.Uint32(b[5:]), Shift: uint(b[9] & 0x3f)}
}
