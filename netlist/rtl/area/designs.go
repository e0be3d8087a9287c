package area

import (
	"fmt"
	"regexp"
	"strings"

	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// Design is a set of protections that a search has chosen, and what it adds.
type Design struct {
	Title   string
	Config  isa.Config
	Choices []mechanism.Choice
	Default float64 // overhead with the constants of the program
	Spans   []mechanism.Span
}

// price fills in the areas of a design: logic added ÷ unprotected logic.
func (d *Design) price() error {
	t := netlist.New(d.Config, npu.ECCSECDED)
	cells := mechanism.DefaultCells()
	p := mechanism.NewPricing(t, t.Areas(nil), nil, cells)
	cost, err := p.Total(d.Choices)
	if err != nil {
		return fmt.Errorf("%s: %w", d.Title, err)
	}
	logic, _ := p.Logic()
	d.Default = cost.LogicGE / logic
	d.Spans, err = mechanism.Spans(t, cells, d.Choices)
	return err
}

// References are designs that need no search.
func references(c isa.Config) []Design {
	all := func(title string, kind mechanism.Kind) Design {
		d := Design{Title: title, Config: c}
		for _, b := range []string{"cc", "traversal", "dma", "wd", "mac", "ao", "sb"} {
			d.Choices = append(d.Choices, mechanism.Choice{Block: b, Kind: kind})
		}
		return d
	}
	return []Design{
		{Title: "lock-step", Config: c, Choices: []mechanism.Choice{{Block: mechanism.Whole, Kind: mechanism.Lockstep}}},
		all("parity on every flop", mechanism.Parity),
		all("hardening every flop (DICE)", mechanism.Harden),
		all("triplicating every flop", mechanism.Triplicate),
		{Title: "weight-crc, traversal-residue and acc-checksum", Config: c, Choices: []mechanism.Choice{
			{Block: "wd", Kind: mechanism.StreamCRC}, {Block: "traversal", Kind: mechanism.Residue}, {Block: "mac", Kind: mechanism.Checksum},
		}},
	}
}

// chosenLine is a line of a verdict such as
//
//	parity        20 %: cc/config, traversal/global
var chosenLine = regexp.MustCompile(`^  ([a-z-]+) +[0-9.]+ %: (.*)$`)

// readmeDesigns reads the designs that the README shows.
func readmeDesigns(text string) (list []Design, err error) {
	parts := strings.Split(text, "\nPROTECTION CHOSEN, ADDED LOGIC\n")
	for i, part := range parts[1:] {
		d := Design{Title: fmt.Sprintf("README.md, design %d", i+1), Config: isa.U55x128}
		for _, line := range strings.Split(part, "\n") {
			m := chosenLine.FindStringSubmatch(line)
			if m == nil {
				break
			}
			for _, where := range strings.Split(m[2], ", ") {
				block, group, _ := strings.Cut(where, "/")
				c, err := protect.ParseChoice(block, group, m[1])
				if err != nil {
					return nil, fmt.Errorf("%s: %w", d.Title, err)
				}
				d.Choices = append(d.Choices, c)
			}
		}
		if len(d.Choices) == 0 {
			return nil, fmt.Errorf("%s: no protection is listed", d.Title)
		}
		list = append(list, d)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("README.md shows no design")
	}
	return list, nil
}
