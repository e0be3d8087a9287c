package campaign

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"upset/faults"
	"upset/faults/mechanism"
	"upset/netlist"
)

// recordSize is the length of a record in the log.
const recordSize = 48

// The flags of a record in the log: bit 0 says that the inference was late, the bits
// from alarmShift on are the number of the mechanism that raised the alarm.
const (
	flagLate   = 1
	alarmShift = 1
	mostAlarms = 1 << (8 - alarmShift)
)

// A mechanism's number fits into the flags.
const _ = uint(mostAlarms - mechanism.NumKinds)

// indexed is a record with its number in the campaign.
type indexed struct {
	index  int
	record faults.Record
}

// appendRecord encodes a record: little-endian, in the order of the fields below.
func appendRecord(b []byte, i int, r faults.Record) []byte {
	var flags byte
	if r.Late {
		flags |= flagLate
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(i))
	b = binary.LittleEndian.AppendUint64(b, r.Site.Cycle)
	b = binary.LittleEndian.AppendUint64(b, r.End)
	b = binary.LittleEndian.AppendUint64(b, r.Output)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.Site.ID))
	b = binary.LittleEndian.AppendUint32(b, r.Input)
	b = binary.LittleEndian.AppendUint16(b, r.Op)
	flags |= r.Alarm << alarmShift
	return append(b, r.Before, r.After, byte(r.Outcome), byte(r.Cause), flags, byte(r.Path))
}

// parseRecord decodes a record and refuses values that cannot be.
func parseRecord(b []byte) (indexed, error) {
	le := binary.LittleEndian
	i, flags := le.Uint64(b), b[46]
	r := faults.Record{
		Site:   faults.Site{ID: netlist.SiteID(le.Uint32(b[32:])), Cycle: le.Uint64(b[8:])},
		Input:  le.Uint32(b[36:]),
		Before: b[42], After: b[43], Outcome: faults.Outcome(b[44]), Cause: faults.Cause(b[45]),
		Late: flags&flagLate != 0, Alarm: flags >> alarmShift, Path: faults.Path(b[47]),
		Op: le.Uint16(b[40:]), End: le.Uint64(b[16:]), Output: le.Uint64(b[24:]),
	}
	if i >= maxInjections || r.Before > 1 || r.After > 1 || r.Outcome >= faults.NumOutcomes ||
		r.Cause >= faults.NumCauses || r.Alarm >= uint8(mechanism.NumKinds) || r.Path >= faults.NumPaths {
		return indexed{}, fmt.Errorf("record %d holds impossible values", i)
	}
	return indexed{int(i), r}, nil
}

// resultDigest is the SHA-256 over the spec's digest and the records in order. The
// path to a record is left out: it depends on the settings of the engine.
func resultDigest(spec string, records []faults.Record) string {
	h := sha256.New()
	h.Write([]byte(spec))
	var b []byte
	for i, r := range records {
		r.Path = 0
		b = appendRecord(b[:0], i, r)
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}
