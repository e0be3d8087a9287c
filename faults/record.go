// Package faults holds the words of an injection: what a fault is and where it strikes,
// what became of it and how that was found, and what stands beside the machine.
//
// faults/golden runs a program without faults, faults/stream tells what its command streams
// will still do, faults/engine injects, faults/criterion says which wrong outputs are
// critical, and faults/story tells an injection step by step.
package faults

import (
	"crypto/sha256"
	"encoding/binary"

	"upset/netlist"
)

// Site is one bit at one cycle of an inference: the flip happens between the
// steps that complete cycles Cycle and Cycle+1.
type Site struct {
	ID    netlist.SiteID
	Cycle uint64
}

// Record is everything known about one injection. All but Path is a pure function
// of the program, the input and the site.
type Record struct {
	Site    Site
	Input   uint32 // number of the input
	Before  uint8  // the bit before and after the flip, that of the first cell that flips
	After   uint8
	Outcome Outcome
	Cause   Cause
	Late    bool   // the inference took another number of cycles
	Path    Path   // how the engine came to the record
	Op      uint16 // kernel operation under way at the flip
	End     uint64 // cycle of the alarm, or at which the NPU stopped or the watchdog ended the inference
	Alarm   uint8  // number of the mechanism that raised the alarm, 0 where there was none
	Output  uint64 // first 8 bytes of the SHA-256 of the output, big-endian; 0 where there is none
}

// Same reports whether two records say the same of the machine.
func (r Record) Same(q Record) bool {
	r.Path = q.Path
	return r == q
}

// Latency is the number of cycles from the upset to the alarm, to the stop of the NPU
// or to the end by the watchdog; ok is false for records without any of them.
// Inferences follow each other without a pause.
func (r Record) Latency() (cycles uint64, ok bool) {
	switch r.Outcome {
	case Detected, DUEDetected, DUEHang:
		return r.End - min(r.End, r.Site.Cycle), true
	}
	return 0, false
}

// InLaterInference reports an alarm that was raised after the inference of the upset
// had ended with the right output.
func (r Record) InLaterInference() bool { return r.Outcome == Detected && r.Output != 0 }

// HashOutput is the short hash of an output kept in records.
func HashOutput(b []byte) uint64 {
	h := sha256.Sum256(b)
	return binary.BigEndian.Uint64(h[:8])
}
