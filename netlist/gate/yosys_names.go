package gate

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// flops names the flops, sorts them and checks their clock.
func (c *converter) flops(cells []string) error {
	names, err := c.registerNames()
	if err != nil {
		return err
	}
	type named struct {
		flop Flop
		q, d int64
	}
	list := make([]named, 0, len(cells))
	c.clock = -1
	for _, name := range cells {
		var pins [3]int64
		for i, port := range []string{"Q", "D", "C"} {
			if pins[i], err = pin(name, c.m.Cells[name], port); err != nil {
				return err
			}
		}
		if c.clock < 0 {
			c.clock = pins[2]
		}
		if d, ok := c.driver[pins[2]]; pins[2] != c.clock || !ok || d >= 0 {
			return fmt.Errorf("flop %s (net %s) is not clocked by the one clock input", name, c.netName(pins[0]))
		}
		f, ok := names[pins[0]]
		if !ok {
			return fmt.Errorf("flop %s (net %s) has no public name", name, c.netName(pins[0]))
		}
		if c.marks > 0 && !f.marked {
			return fmt.Errorf("flop %s is not marked as a register: is it a variable?", &f.flop)
		}
		list = append(list, named{flop: f.flop, q: pins[0], d: pins[1]})
	}
	if c.marks > len(list) {
		return c.lost(names, cells)
	}
	slices.SortStableFunc(list, func(a, b named) int {
		if k := strings.Compare(a.flop.Register, b.flop.Register); k != 0 {
			return k
		}
		if a.flop.Element != b.flop.Element {
			return a.flop.Element - b.flop.Element
		}
		return a.flop.Bit - b.flop.Bit
	})
	inputs := 0
	for i := range c.n.Inputs {
		inputs += len(c.n.Inputs[i].Nets)
	}
	for i, f := range list {
		c.n.Flops = append(c.n.Flops, f.flop)
		c.q, c.flopD = append(c.q, f.q), append(c.flopD, f.d)
		if err := c.drive(f.q, -1-int32(2+inputs+i), "flop "+f.flop.String()); err != nil {
			return err
		}
	}
	return nil
}

// lost finds a marked bit that is not the Q of a flop.
func (c *converter) lost(names map[int64]*candidate, cells []string) error {
	for _, name := range cells {
		delete(names, c.m.Cells[name].Connections["Q"][0])
	}
	var list []string
	for _, n := range names {
		if n.marked {
			list = append(list, n.flop.String())
		}
	}
	sort.Strings(list)
	return fmt.Errorf("%s is marked as a register and is no flop", strings.Join(list[:min(1, len(list))], ""))
}

// candidate is a possible name of a bit.
type candidate struct {
	flop   Flop
	name   string
	marked bool
}

// better says whether a is a better name than b.
func (a *candidate) better(b *candidate) bool {
	if a.marked != b.marked {
		return a.marked
	}
	if x, y := strings.Count(a.name, "."), strings.Count(b.name, "."); x != y {
		return x > y
	}
	if len(a.name) != len(b.name) {
		return len(a.name) < len(b.name)
	}
	return a.name < b.name
}

// registerNames finds the best public name of every bit that has one.
// Bits that are marked must have one marked name.
func (c *converter) registerNames() (map[int64]*candidate, error) {
	best := map[int64]*candidate{}
	for _, name := range sortedKeys(c.m.NetNames) {
		net := c.m.NetNames[name]
		if net == nil || net.HideName != 0 {
			continue
		}
		_, marked := net.Attributes[RegisterAttribute]
		path, element := splitElement(name)
		for i, bit := range net.Bits {
			at := i
			if net.Upto != 0 {
				at = len(net.Bits) - 1 - i
			}
			n := &candidate{flop: Flop{Register: path, Element: element, Bit: at + net.Offset}, name: name, marked: marked}
			old := best[bit]
			if marked {
				if bit < 0 {
					return nil, fmt.Errorf("%s is marked as a register and is constant", &n.flop)
				}
				if old != nil && old.marked {
					return nil, fmt.Errorf("%s and %s are the same flop", &old.flop, &n.flop)
				}
				c.marks++
			}
			if bit >= 0 && (old == nil || n.better(old)) {
				best[bit] = n
			}
		}
	}
	return best, nil
}

// splitElement takes an index at the end of a name apart: pendw[3] is pendw, 3.
func splitElement(name string) (string, int) {
	if i := strings.LastIndexByte(name, '['); i > 0 && strings.HasSuffix(name, "]") {
		if v, err := strconv.ParseUint(name[i+1:len(name)-1], 10, 20); err == nil {
			return name[:i], int(v)
		}
	}
	return name, -1
}
