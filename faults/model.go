package faults

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ModelKind is what kind of event a fault is.
type ModelKind uint8

// Kinds of events.
const (
	SEU          ModelKind = iota // single-event upset: one bit is inverted
	Pair                          // two neighbouring flops of a register are inverted; one bit in the SRAM
	MCU                           // multi-cell upset: a few neighbouring cells of the SRAM are inverted; one flop, or several
	SET                           // a pulse in the logic in front of a flop, which takes it only when it loads
	StuckAt0                      // a flop reads 0 from the start of the inference on
	StuckAt1                      // a flop reads 1 from the start of the inference on
	Intermittent                  // a flop keeps the wrong value for some cycles
	numKinds
)

var kindNames = [numKinds]string{"seu", "pair", "mcu", "set", "stuck-at-0", "stuck-at-1", "intermittent"}

// Model says what a fault at a site does. The zero value is the single-event upset.
type Model struct {
	Kind ModelKind
	// Of multi-cell upsets: the shares of events of 1, 2, 3 and 4 cells, how many
	// words share a row of the array, and whether the cells lie along the row
	// instead of along a bit line.
	Shares     [4]float64
	Interleave int
	AlongRow   bool
	// Flops says that events on flops have several cells too: a run of neighbouring
	// flops of one element.
	Flops bool
	// Cycles is the length of an intermittent fault.
	Cycles uint64
}

// Multiplicities of multi-cell upsets (our choice, after: FinFET at nominal voltage
// about 94 % single cells, most others two; three cells at most in 16 and 12 nm,
// along the bit line, Sakamoto et al., TNS 2025; 28 nm GPU 4 to 6 % double, HPCA
// 2015. The last share stands for four or more.)
var (
	finFET   = [4]float64{0.94, 0.05, 0.008, 0.002}
	planar28 = [4]float64{0.90, 0.07, 0.02, 0.01}
)

// Defaults (our choice). Sakamoto et al. find that an interleaving of more than 2
// keeps the cells of an event in different words.
const (
	defaultInterleave = 4
	maxInterleave     = 64
	defaultLength     = 1000
	maxLength         = 1 << 32
)

// ParseModel reads a model: seu, pair, set, stuck-at-0, stuck-at-1,
// intermittent[:CYCLES] or mcu[:finfet|28nm|shares=A/B/C/D][:interleave=N][:row][:flops].
func ParseModel(text string) (Model, error) {
	parts := strings.Split(text, ":")
	var m Model
	found := false
	for k, name := range kindNames {
		if parts[0] == name || parts[0] == "" && text == "" && k == 0 {
			m.Kind, found = ModelKind(k), true
		}
	}
	if !found {
		return m, fmt.Errorf("unknown fault model %q: choose %s", text, strings.Join(kindNames[:], ", "))
	}
	rest := parts[1:]
	switch m.Kind {
	case MCU:
		m.Shares, m.Interleave = finFET, defaultInterleave
		return m, m.parseCells(rest)
	case Intermittent:
		m.Cycles = defaultLength
		if len(rest) == 1 {
			n, err := strconv.ParseUint(rest[0], 10, 64)
			if err != nil || n == 0 || n > maxLength {
				return m, fmt.Errorf("fault model %q: give a number of cycles, such as intermittent:1000", text)
			}
			m.Cycles, rest = n, nil
		}
	}
	if len(rest) > 0 {
		return m, fmt.Errorf("fault model %q: %s takes no %q", text, m.Kind, strings.Join(rest, ":"))
	}
	return m, nil
}

func (m *Model) parseCells(parts []string) error {
	for _, p := range parts {
		number, isInterleave := strings.CutPrefix(p, "interleave=")
		switch {
		case p == "finfet":
			m.Shares = finFET
		case p == "28nm":
			m.Shares = planar28
		case p == "row":
			m.AlongRow = true
		case p == "flops":
			m.Flops = true
		case strings.HasPrefix(p, "shares="):
			if err := m.parseShares(strings.TrimPrefix(p, "shares=")); err != nil {
				return err
			}
		case isInterleave:
			n, err := strconv.Atoi(number)
			if err != nil || n < 1 || n > maxInterleave {
				return fmt.Errorf("interleave %q: give 1 to %d words", number, maxInterleave)
			}
			m.Interleave = n
		default:
			return fmt.Errorf("fault model mcu:%s: after mcu come finfet, 28nm or shares=A/B/C/D, interleave=N, row and flops", p)
		}
	}
	return nil
}

// parseShares reads the shares of events of 1, 2, 3 and 4 cells, whose sum is 1.
func (m *Model) parseShares(text string) error {
	list := strings.Split(text, "/")
	sum := 0.0
	for i := range m.Shares {
		if len(list) != len(m.Shares) {
			break
		}
		x, err := strconv.ParseFloat(list[i], 64)
		if err != nil || !(x >= 0 && x <= 1) {
			break
		}
		m.Shares[i] = x
		sum += x
	}
	if math.Abs(sum-1) > shareTolerance {
		return fmt.Errorf("shares %q: give those of events of 1, 2, 3 and 4 cells, with the sum 1, such as shares=0.94/0.05/0.008/0.002", text)
	}
	return nil
}

// shareTolerance absorbs the rounding of shares that are written in decimals.
const shareTolerance = 1e-9

// String names the kind as ParseModel reads it.
func (k ModelKind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// String is the model as ParseModel reads it.
func (m Model) String() string {
	switch m.Kind {
	case MCU:
		name := "mcu:finfet"
		switch s := m.Shares; s {
		case finFET:
		case planar28:
			name = "mcu:28nm"
		default:
			name = fmt.Sprintf("mcu:shares=%v/%v/%v/%v", s[0], s[1], s[2], s[3])
		}
		name += fmt.Sprintf(":interleave=%d", m.Interleave)
		if m.AlongRow {
			name += ":row"
		}
		if m.Flops {
			name += ":flops"
		}
		return name
	case Intermittent:
		return fmt.Sprintf("intermittent:%d", m.Cycles)
	}
	return m.Kind.String()
}

// FlopsOnly reports whether the model says nothing of SRAM cells.
func (m Model) FlopsOnly() bool { return m.Kind >= SET }

// Permanent reports whether the fault stays for the whole inference.
func (m Model) Permanent() bool { return m.Kind == StuckAt0 || m.Kind == StuckAt1 }

// Several reports whether an event of the model may hit more than one cell.
func (m Model) Several() bool { return m.Kind == Pair || m.Kind == MCU }
