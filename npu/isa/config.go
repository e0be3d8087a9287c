// Package isa describes the command stream of the Ethos-U55: the four
// configurations, one table of commands from which words are encoded, decoded,
// checked and printed, the register file that the SET commands fill, and the
// decoded view of it that an operation executes.
package isa

import "fmt"

// Config is one of the four configurations of the Ethos-U55.
type Config uint8

// The four configurations, named after their multiply-accumulates per cycle.
const (
	U55x32 Config = iota
	U55x64
	U55x128
	U55x256
)

// Configs lists the four configurations in order of size.
var Configs = [4]Config{U55x32, U55x64, U55x128, U55x256}

// Spec holds the public constants of a configuration (Vela 3.10 architecture
// features; Arm U55 register header).
type Spec struct {
	Name         string // as on the command line: u55-128
	MACs         int    // multiply-accumulates per cycle
	UBlockH      int    // OFM micro-block height
	UBlockW      int    // OFM micro-block width
	UBlockD      int    // OFM micro-block depth
	SHRAMBanks   int    // shared buffer size in banks of 1 KiB
	ReservedLUT  int    // banks always kept for the lookup table
	ElementUnits int    // lanes of the output stage
	ConfigWord   uint32 // CONFIG register: log2 MACs, SHRAM KiB
}

var specs = [4]Spec{
	{"u55-32", 32, 1, 1, 4, 16, 0, 1, 0x1005},
	{"u55-64", 64, 1, 1, 8, 16, 0, 2, 0x1006},
	{"u55-128", 128, 1, 2, 8, 24, 2, 4, 0x1807},
	{"u55-256", 256, 2, 2, 8, 48, 2, 8, 0x3008},
}

// ArchVersion is the ID word that streams are compiled for: architecture 1.0.6.
const ArchVersion = 0x10060000

// Spec returns the constants of the configuration.
func (c Config) Spec() *Spec { return &specs[c&3] }

// String returns the command-line name, for example "u55-128".
func (c Config) String() string { return c.Spec().Name }

// ParseConfig reads a command-line name such as "u55-128".
func ParseConfig(s string) (Config, error) {
	for _, c := range Configs {
		if c.Spec().Name == s {
			return c, nil
		}
	}
	return 0, fmt.Errorf("unknown NPU %q: use u55-32, u55-64, u55-128 or u55-256", s)
}

// SHRAM places. Sizes in bytes.
const (
	BankBytes = 1024           // one bank of the shared buffer
	LUTBytes  = 2 * BankBytes  // lookup tables: the last two banks
	OBBytes   = 2 * BankBytes  // output buffers: banks 0 and 1
	MaxSHRAM  = 48 * BankBytes // the largest shared buffer (U55-256)
	IBStart   = OBBytes        // first byte of the IFM buffers
)

// BufferCopies is the number of buffers in each area of the shared buffer but the
// lookup tables. Where the bits of an element lie in the banks is not public
// (inferred): copy 0 is the lower half of its area, copy 1 the upper one, and in a
// copy the elements lie by row, column and channel without gaps, little-endian; a
// pixel of accumulators is filled up to eight channels.
const BufferCopies = 2

// SHRAMBytes is the size of the shared buffer.
func (s *Spec) SHRAMBytes() int { return s.SHRAMBanks * BankBytes }

// LUTStart is the first byte of the lookup tables.
func (s *Spec) LUTStart() int { return s.SHRAMBytes() - LUTBytes }
