package faults

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"upset/netlist"
	"upset/npu"
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

// flops is the number of flops that the event at a site hits.
func (m Model) flops(s Site) int {
	switch {
	case m.Kind == Pair:
		return 2
	case m.Kind == MCU && m.Flops:
		return m.drawCells(s)
	}
	return 1
}

// cells lists the bits that an event at a site inverts, the site first. It is a pure
// function of the site.
func (m Model) cells(t *netlist.Table, s Site) ([]netlist.SiteID, error) {
	p, err := t.Place(s.ID)
	switch {
	case err != nil:
		return nil, err
	case !p.Register.IsSRAM():
		return t.Beside(s.ID, m.flops(s)), nil
	case m.Kind == MCU:
		return m.cluster(t, s, p, []netlist.SiteID{s.ID}), nil
	}
	return []netlist.SiteID{s.ID}, nil
}

// hit lists the cells of the event at a site of a machine with a mechanism, whose own
// bits the guard knows.
func (e *Engine) hit(s Site, guard Guard) ([]netlist.SiteID, error) {
	m := e.options.Model
	switch {
	case m.Kind == SET && takesPulses(guard):
		return e.pulse(s), nil
	case m.Kind != SEU && !m.Several():
		return nil, fmt.Errorf("%s faults beside a mechanism are not simulated: choose the fault model seu, pair or mcu", m.Kind)
	case m.Kind == SEU:
		return []netlist.SiteID{s.ID}, nil
	case int(s.ID) >= e.table.Bits():
		return guard.Beside(s.ID, m.flops(s)), nil
	}
	return m.cells(e.table, s)
}

// cluster adds the cells beside one in its bank of the buffer. Words of 64 bits with
// their check bits lie side by side, bit by bit, as many as the interleaving says.
func (m Model) cluster(t *netlist.Table, s Site, p netlist.Place, list []netlist.SiteID) []netlist.SiteID {
	const bankWords = 1024 / codeWord // words in a bank of the buffer
	data, check := t.RAM()
	word, bit := p.Element, 64+p.Bit
	if p.Register == data {
		word, bit = p.Element/codeWord, p.Element%codeWord*8+p.Bit
	}
	bits := 64
	if check != nil {
		bits += check.Width
	}
	first := word / bankWords * bankWords
	for k := 1; k < m.drawCells(s); k++ {
		w, b := word, bit
		if m.AlongRow { // cells of a row: bit 0 of its words, bit 1 of its words, and so on
			column := bit*m.Interleave + word%m.Interleave + k
			w, b = word-word%m.Interleave+column%m.Interleave, column/m.Interleave
		} else {
			w += k * m.Interleave
		}
		if w >= first+bankWords || b >= bits {
			break // the edge of the array
		}
		if b >= 64 {
			list = append(list, check.First+netlist.SiteID(w*check.Width+b-64))
		} else {
			list = append(list, data.First+netlist.SiteID(w*64+b))
		}
	}
	return list
}

// drawCells is the number of cells of the event at a site.
func (m Model) drawCells(s Site) int {
	x := uint64(s.ID)*0x9e3779b97f4a7c15 ^ s.Cycle*0xbf58476d1ce4e5b9 // splitmix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	u := float64((x^x>>31)>>11) / (1 << 53)
	for n, share := range m.Shares {
		if u -= share; u < 0 {
			return n + 1
		}
	}
	return len(m.Shares)
}

// flip applies an event to a machine and returns the value of the site before and
// after.
func (e *Engine) flip(m *npu.Machine, s Site) (before, after uint8, cells []netlist.SiteID, err error) {
	if e.options.Model.Kind == SEU {
		before, after, err = e.table.Flip(m, s.ID)
		return before, after, nil, err
	}
	if e.options.Model.Kind == SET {
		cells = e.pulse(s)
	} else if cells, err = e.options.Model.cells(e.table, s); err != nil {
		return 0, 0, nil, err
	}
	for i, id := range cells {
		b, a, err := e.table.Flip(m, id)
		if err != nil {
			return 0, 0, nil, err
		}
		if i == 0 {
			before, after = b, a
		}
	}
	return before, after, cells, nil
}
