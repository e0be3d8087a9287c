package netlist

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

var update = flag.Bool("update", false, "write the generated parts of docs/microarchitecture.md anew")

// Marks around the generated parts of the document.
const (
	beginMark = "<!-- generated: %s (go test ./netlist -run Document -update) -->"
	endMark   = "<!-- end of generated part -->"
)

// TestDocument keeps docs/microarchitecture.md in step with the machine: the
// totals, the register table and the list of bits without effect are generated.
// It fails when a register has no reason, or a reason no register.
func TestDocument(t *testing.T) {
	file := filepath.Join("..", "docs", "microarchitecture.md")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(data)
	for _, part := range []struct {
		name string
		text string
	}{{"totals", totalsTable()}, {"area", areaTable()}, {"registers", registerTables(t)}, {"dead", deadTable(t)}} {
		begin := fmt.Sprintf(beginMark, part.name)
		head, rest, ok := strings.Cut(doc, begin)
		if !ok {
			t.Fatalf("%s has no part %q", file, begin)
		}
		was, tail, ok := strings.Cut(rest, endMark)
		if !ok {
			t.Fatalf("part %s has no end", part.name)
		}
		want := "\n" + part.text
		if was != want && !*update {
			t.Errorf("part %s is out of date: go test ./netlist -run Document -update", part.name)
		}
		doc = head + begin + want + endMark + tail
	}
	if *update {
		if err := os.WriteFile(file, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// blockTitles are the headings of the register tables.
var blockTitles = map[string]string{
	"cc": "Central control (cc)", "traversal": "Traversal (traversal)", "dma": "DMA and AXI ports (dma)", "wd": "Weight decoder (wd)",
	"mac": "MAC array (mac)", "ao": "Output stage (ao)", "sb": "Shared buffer (sb)", "pmu": "Performance monitor (pmu)",
}

func totalsTable() string {
	var b strings.Builder
	b.WriteString("| flops of | u55-32 | u55-64 | u55-128 | u55-256 |\n|---|---|---|---|---|\n")
	sums := [4]int{}
	rows := map[string][4]int{}
	for i, c := range isa.Configs {
		for _, a := range New(c, npu.ECCNone).Areas(nil) {
			r := rows[a.Block]
			r[i] = a.Flops
			rows[a.Block] = r
			sums[i] += a.Flops
		}
	}
	line := func(name string, v [4]int) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", name, v[0], v[1], v[2], v[3])
	}
	for _, name := range Blocks() {
		line(name, rows[name])
	}
	line("**total**", sums)
	var sram [4]int
	for i, c := range isa.Configs {
		sram[i] = c.Spec().SHRAMBytes() * 8
	}
	line("SRAM bits", sram)
	return b.String()
}

func areaTable() string {
	var b strings.Builder
	b.WriteString("| logic area in gate equivalents | u55-32 | u55-64 | u55-128 | u55-256 |\n|---|---|---|---|---|\n")
	var lists [4][]BlockArea
	for i, c := range isa.Configs {
		lists[i] = New(c, npu.ECCNone).Areas(nil)
	}
	for k, name := range Blocks() {
		fmt.Fprintf(&b, "| %s |", name)
		for i := range lists {
			fmt.Fprintf(&b, " %.0f |", lists[i][k].LogicGE())
		}
		b.WriteString("\n")
	}
	b.WriteString("| **total** |")
	for i := range lists {
		sum := 0.0
		for _, a := range lists[i] {
			sum += a.LogicGE()
		}
		fmt.Fprintf(&b, " %.0f |", sum)
	}
	b.WriteString("\n| share of the flops |")
	for i := range lists {
		fmt.Fprintf(&b, " %.1f %% |", 100*FlopShare(lists[i]))
	}
	b.WriteString("\n")
	return b.String()
}

// registerRow is a line of the register table: registers of one shape and reason.
type registerRow struct {
	names  []string
	width  int
	count  string
	class  Class
	reason registerReason
}

func registerTables(t *testing.T) string {
	var tabs [4]*Table
	for i, c := range isa.Configs {
		tabs[i] = New(c, npu.ECCSECDED)
	}
	used := map[int]bool{}
	rows := map[string][]*registerRow{}
	for k := range tabs[0].Registers {
		r := &tabs[0].Registers[k]
		reason, i := reasonFor(r.Name)
		if i < 0 {
			t.Errorf("register %s has no reason in registerReasons", r.Name)
		}
		used[i] = true
		count := counts(&tabs, k)
		list := rows[r.Block]
		if n := len(list); n > 0 && list[n-1].reason == reason && list[n-1].count == count && list[n-1].width == r.Width {
			list[n-1].names = append(list[n-1].names, r.Name)
			continue
		}
		joined := false
		for _, row := range list {
			if row.reason == reason && row.count == count && row.width == r.Width {
				row.names, joined = append(row.names, r.Name), true
				break
			}
		}
		if !joined {
			rows[r.Block] = append(list, &registerRow{[]string{r.Name}, r.Width, count, r.Class, reason})
		}
	}
	for i, r := range registerReasons {
		if !used[i] {
			t.Errorf("the reason for %s belongs to no register", r.pattern)
		}
	}
	var b strings.Builder
	for _, block := range Blocks() {
		fmt.Fprintf(&b, "\n### %s\n\n| register | bits | class | origin | why |\n|---|---|---|---|---|\n", blockTitles[block])
		for _, row := range rows[block] {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", strings.Join(row.names, "<br>"), row.count, row.class, row.reason.origin, row.reason.why)
		}
	}
	return b.String()
}

// counts writes the shape of register k, with the four configurations apart where
// they differ.
func counts(tabs *[4]*Table, k int) string {
	r := &tabs[0].Registers[k]
	if r.masks != nil {
		return fmt.Sprintf("%d in %d registers", r.Bits(), r.Count)
	}
	same := true
	for _, tab := range tabs {
		same = same && tab.Registers[k].Count == r.Count
	}
	switch {
	case !same:
		var n []string
		for _, tab := range tabs {
			n = append(n, fmt.Sprint(tab.Registers[k].Count))
		}
		return fmt.Sprintf("%d × (%s)", r.Width, strings.Join(n, ", "))
	case r.Count == 1:
		return fmt.Sprint(r.Width)
	}
	return fmt.Sprintf("%d × %d", r.Width, r.Count)
}

// deadTable lists how many bits of a register are silent in each configuration, and why.
func deadTable(t *testing.T) string {
	count := make([]map[string]int, len(isa.Configs))
	total := make([]string, len(isa.Configs))
	for i, c := range isa.Configs {
		tab := New(c, npu.ECCNone)
		count[i] = map[string]int{}
		list := readSilent(t, tab)
		for id := range list {
			p, err := tab.Place(id)
			if err != nil {
				t.Fatal(err)
			}
			count[i][reasonName(p.Register.Name)]++
		}
		total[i] = fmt.Sprintf("%d of %d", len(list), flopBits(tab))
	}
	var b strings.Builder
	b.WriteString("| register | silent bits: u55-32 | u55-64 | u55-128 | u55-256 | why |\n|---|---:|---:|---:|---:|---|\n")
	fmt.Fprintf(&b, "| all | %s | |\n", strings.Join(total, " | "))
	for _, r := range neverRead {
		name := r.name
		var n []string
		for i := range count {
			n = append(n, fmt.Sprint(count[i][name]))
		}
		if strings.Join(n, "") == "0000" {
			t.Errorf("no bit of %s is silent: take the reason off", name)
		}
		if strings.HasSuffix(name, ".") || name == "dma.axi1.w" {
			name += "…"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, strings.Join(n, " | "), r.why)
	}
	return b.String()
}

func flopBits(t *Table) (n int) {
	for i := range t.Registers {
		if r := &t.Registers[i]; !r.IsSRAM() {
			n += r.Bits()
		}
	}
	return n
}
