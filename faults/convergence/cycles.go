package convergence

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"upset/faults/engine"
	"upset/netlist"
)

// Stepped is how many clocks injections of a kind stepped.
type Stepped struct {
	Name       string
	Injections int
	Simulated  int // with at least one clock
	Cycles     uint64
}

// Cycles is where the stepped clocks of a uniform draw over all flops went. No other
// load on the computer changes these numbers.
type Cycles struct {
	Network    string
	NPU        string
	Injections int
	Total      uint64
	Classes    []Stepped
	Paths      []Stepped
	Both       []Stepped // class and path
	Registers  []Stepped
}

// MeasureCycles counts the stepped clocks of the draw that MeasureSpeed takes.
func MeasureCycles(e *engine.Engine, name string, seed uint64, injections, workers int) (*Cycles, error) {
	lots := drawLots(e, seed, injections, workers)
	parts := make([][4]map[string]*Stepped, workers)
	var group errgroup.Group
	for k := range workers {
		group.Go(func() (err error) {
			parts[k], err = count(e, lots[k])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	c := &Cycles{Network: name, NPU: e.Program().Config.String(), Injections: injections}
	for k, list := range [4]*[]Stepped{&c.Classes, &c.Paths, &c.Both, &c.Registers} {
		sum := map[string]*Stepped{}
		for w := range parts {
			for n, s := range parts[w][k] {
				t := entry(sum, n)
				t.Injections, t.Simulated, t.Cycles = t.Injections+s.Injections, t.Simulated+s.Simulated, t.Cycles+s.Cycles
			}
		}
		for _, s := range sum {
			*list = append(*list, *s)
		}
		slices.SortFunc(*list, func(a, b Stepped) int {
			if a.Cycles != b.Cycles {
				return int(int64(b.Cycles) - int64(a.Cycles))
			}
			return strings.Compare(a.Name, b.Name)
		})
	}
	for _, s := range c.Classes {
		c.Total += s.Cycles
	}
	return c, nil
}

func entry(m map[string]*Stepped, name string) *Stepped {
	if m[name] == nil {
		m[name] = &Stepped{Name: name}
	}
	return m[name]
}

// count resolves a worker's injections: by class, path, both, and register.
func count(e *engine.Engine, list []lot) (by [4]map[string]*Stepped, err error) {
	for k := range by {
		by[k] = map[string]*Stepped{}
	}
	w, err := e.Worker()
	if err != nil {
		return by, err
	}
	for _, l := range list {
		place, err := e.Table().Place(l.site.ID)
		if err != nil {
			return by, err
		}
		before := w.Pursued()
		r, err := w.Inject(l.input, l.site, nil)
		if err != nil {
			return by, err
		}
		n := w.Pursued() - before
		class := place.Register.Class.String()
		for k, name := range [4]string{class, r.Path.String(), class + ", " + r.Path.String(), kindOf(e.Table(), l.site.ID, place)} {
			s := entry(by[k], name)
			s.Injections++
			s.Cycles += n
			if n > 0 {
				s.Simulated++
			}
		}
	}
	return by, nil
}

// kindOf names a register without the numbers of its banks and elements.
func kindOf(t *netlist.Table, id netlist.SiteID, p netlist.Place) string {
	name := p.Register.Name
	if p.Register.Class == netlist.Configuration {
		name = t.Name(id)
		if i := strings.LastIndexByte(name, '.'); i > 0 {
			name = name[:i]
		}
		for _, d := range "0123" {
			name = strings.Replace(name, "cc.bank"+string(d), "cc.bank", 1)
		}
	}
	return name
}

// WriteCycles writes the tables, with so many registers.
func WriteCycles(w io.Writer, c *Cycles, registers int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s: %d injections, %.1f stepped cycles each.\n", c.Network, c.NPU, c.Injections, float64(c.Total)/float64(c.Injections))
	for k, list := range [...][]Stepped{c.Classes, c.Paths, c.Both, c.Registers} {
		fmt.Fprintf(&b, "\n| %s | injections | simulated | cycles each | cycles over all | share |\n|---|---:|---:|---:|---:|---:|\n", [...]string{"class", "path", "class and path", "register"}[k])
		for i, s := range list {
			if i >= registers {
				break
			}
			fmt.Fprintf(&b, "| %s | %d | %d | %.0f | %.1f | %.1f %% |\n", s.Name, s.Injections, s.Simulated, float64(s.Cycles)/float64(max(1, s.Simulated)), float64(s.Cycles)/float64(c.Injections), 100*float64(s.Cycles)/float64(max(1, c.Total)))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
