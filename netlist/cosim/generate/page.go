package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"upset/faults/provenance"
	"upset/netlist/cosim"
	"upset/npu/isa"
)

// record is the file of the results.
type record struct {
	Blocks []*block `json:"blocks"`
}

// block is what was measured of a block on a configuration.
type block struct {
	NPU         string          `json:"npu"`
	Block       string          `json:"block"`
	Digest      string          `json:"gates_digest"`
	Gates       int             `json:"gates"`
	Flops       int             `json:"flops"`
	Depth       int             `json:"depth"` // levels of gates
	Runs        int             `json:"networks"`
	Clocks      int             `json:"clocks"`
	Disturbed   int             `json:"disturbed_clocks"`
	Flips       int             `json:"flips"`
	Seen        int             `json:"spread"`
	Long        int             `json:"long"`
	Cut         int             `json:"cut"`
	Differences int             `json:"differences"`
	Examples    []string        `json:"examples,omitempty"`
	Silent      []silent        `json:"silent,omitempty"`
	Made        provenance.Made `json:"made"`
}

// silent is a bit whose flips never spread.
type silent struct {
	Bit  string `json:"bit"`
	Dead bool   `json:"dead,omitempty"` // no gate leads from it anywhere but to itself
}

// put stores a block in the place of an older one.
func (r *record) put(b *block) {
	for i, x := range r.Blocks {
		if x.NPU == b.NPU && x.Block == b.Block {
			r.Blocks[i] = b
			return
		}
	}
	r.Blocks = append(r.Blocks, b)
	slices.SortStableFunc(r.Blocks, func(a, b *block) int { return place(a) - place(b) })
}

func place(b *block) int {
	c, _ := isa.ParseConfig(b.NPU)
	return slices.Index(cosim.Blocks(), b.Block)*len(isa.Configs) + int(c)
}

// page is docs/gates.md.
func page(r *record, v []verilog) []byte {
	var w bytes.Buffer
	fmt.Fprint(&w, head)
	fmt.Fprintln(&w, "| block | NPU | gates | levels | flops | networks | clocks | differences |")
	fmt.Fprintln(&w, "|---|---|---:|---:|---:|---:|---:|---:|")
	for _, b := range r.Blocks {
		fmt.Fprintf(&w, "| %s | %s | %s | %d | %s | %d | %s | %s |\n", b.Block, b.NPU, thousands(b.Gates), b.Depth, thousands(b.Flops), b.Runs, thousands(b.Clocks), thousands(b.Differences))
	}
	fmt.Fprint(&w, flipsText)
	fmt.Fprintln(&w, "| block | NPU | flips | of each bit | spread | followed to the limit | ended with the run | clocks | differences |")
	fmt.Fprintln(&w, "|---|---|---:|---:|---:|---:|---:|---:|---:|")
	for _, b := range r.Blocks {
		per := fmt.Sprintf("%.1f", float64(b.Flips)/float64(b.Flops))
		if b.NPU == whereAll.String() {
			per = fmt.Sprint(b.Flips / b.Flops)
		}
		fmt.Fprintf(&w, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", b.Block, b.NPU, thousands(b.Flips), per, thousands(b.Seen), thousands(b.Long), thousands(b.Cut), thousands(b.Disturbed), thousands(b.Differences))
	}
	for _, b := range r.Blocks {
		for _, e := range b.Examples {
			fmt.Fprintf(&w, "\n* %s on %s: %s\n", b.Block, b.NPU, e)
		}
	}
	writeVerilated(&w, v, r.Blocks)
	fmt.Fprintf(&w, silentText, whereAll)
	fmt.Fprintln(&w, "| block | bits | silent | dead by structure | the other silent ones |")
	fmt.Fprintln(&w, "|---|---:|---:|---:|---|")
	for _, b := range r.Blocks {
		if b.NPU != whereAll.String() {
			continue
		}
		dead := 0
		var rest []string
		for _, s := range b.Silent {
			if s.Dead {
				dead++
			} else {
				rest = append(rest, s.Bit)
			}
		}
		fmt.Fprintf(&w, "| %s | %s | %d | %d | %s |\n", b.Block, thousands(b.Flops), len(b.Silent), dead, ranges(rest))
	}
	fmt.Fprintln(&w)
	seen := map[string]bool{}
	for _, b := range r.Blocks {
		if l := b.Made.Line(); !seen[l] {
			seen[l] = true
			fmt.Fprintln(&w, l)
		}
	}
	return w.Bytes()
}

// seenOutside reports whether other blocks read the register of a bit as it stands: the
// counters, and the weight blocks. Flips in it need not spread inside.
func seenOutside(bit string) bool {
	for _, name := range []string{"traversal.", "wd.buf[", "wd.full["} {
		if strings.HasPrefix(bit, name) {
			return true
		}
	}
	return false
}

// ranges joins names that end in consecutive bit numbers.
func ranges(names []string) string {
	var out []string
	for i := 0; i < len(names); {
		stem, bit := cut(names[i])
		j := i + 1
		for j < len(names) {
			if s, b := cut(names[j]); s != stem || b != bit+j-i {
				break
			}
			j++
		}
		if j-i > 1 {
			out = append(out, fmt.Sprintf("%s.%d–%d", stem, bit, bit+j-i-1))
		} else {
			out = append(out, names[i])
		}
		i = j
	}
	return strings.Join(out, ", ")
}

func cut(name string) (stem string, bit int) {
	i := strings.LastIndexByte(name, '.')
	fmt.Sscan(name[i+1:], &bit)
	return name[:i], bit
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
