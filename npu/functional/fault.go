package functional

import "fmt"

// Kind says why a run stopped before NPU_OP_STOP.
type Kind uint8

// Kinds of a Fault.
const (
	// ParseError is STATUS.cmd_parse_error: a word that is no command.
	ParseError Kind = iota + 1
	// BusError is STATUS.bus_status: an access that the memory map refuses.
	BusError
	// DecoderFault is STATUS.wd_fault: a weight stream that cannot be decoded.
	DecoderFault
	// Starved is an operation that waits for ever for data it was not given.
	Starved
	// WorkLimit is an operation larger than Machine.Limit allows.
	WorkLimit
)

var kindNames = [...]string{"no fault", "command parse error", "bus error", "weight decoder fault", "starved operation", "work limit"}

// String is the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("fault kind %d", uint8(k))
}

// Fault is the error of a run that the NPU would not complete.
type Fault struct {
	Kind   Kind
	Word   int // index of the command word
	Detail string
}

// Error describes the fault and where it happened.
func (f *Fault) Error() string {
	return fmt.Sprintf("%s at command word %d: %s", f.Kind, f.Word, f.Detail)
}

// fault builds a Fault at the current command.
func (m *Machine) fault(k Kind, format string, args ...any) error {
	return &Fault{Kind: k, Word: m.Word, Detail: fmt.Sprintf(format, args...)}
}
