package networks

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// head opens the page.
const head = `# Networks as people have them

This page is written by

    go run ./models/networks/generate

from a collection of unmodified public files: networks by makers of boards, tools and hobby projects (*zoo/user*), single layers
and operator tests (*zoo/layers*), networks that vendors compiled with Vela (*zoo/vela*), ExecuTorch programs (*zoo/pte*), two source
networks beside what their vendor compiled (*zoo/pairs*), and the reference networks compiled by Vela 5.1 (*vela51*).

*Equal* means: every output byte of every reference case equals that of the TFLM reference kernels, state kept over a sequence where
there is one, and the first case (and a sequence) leaves the same memory on the
cycle-level machine as on the functional machine. *Runs* means that
no reference exists: both machines ran the same input to equal memory. Cycles are those of the default system file.
`

// Write writes the page.
func Write(w io.Writer, list []*Result) error {
	var b strings.Builder
	b.WriteString(head)
	writeCounts(&b, list)
	writeOperators(&b, list)
	folder := ""
	for _, r := range list {
		if r.Folder != folder {
			folder = r.Folder
			fmt.Fprintf(&b, "\n## %s\n\n| file | configuration | operators on the NPU | host | MACs | cycles | result |\n|---|---|---|---|---|---|---|\n", folder)
		}
		writeRow(&b, r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Count adds up the files of one folder.
type Count struct {
	Folder                                       string
	Files, Referenced                            int // of these, with reference outputs
	Equal, Runs, Explained, Wrong, Fail, Refused int
}

// Counts adds up the files by folder, in order of the list.
func Counts(list []*Result) []Count {
	var counts []Count
	for _, r := range list {
		if len(counts) == 0 || counts[len(counts)-1].Folder != r.Folder {
			counts = append(counts, Count{Folder: r.Folder})
		}
		c := &counts[len(counts)-1]
		c.Files++
		if len(r.Cases) > 0 {
			c.Referenced++
		}
		switch {
		case r.Refused != "":
			c.Refused++
		case r.Failed != "":
			c.Fail++
		case !r.Right() && r.Explanation() != "":
			c.Explained++
		case !r.Right():
			c.Wrong++
		case r.Equal > 0:
			c.Equal++
		default:
			c.Runs++
		}
	}
	return counts
}

func writeCounts(b *strings.Builder, list []*Result) {
	b.WriteString("\n## In short\n\nA file on several configurations counts once for each.\n\n" +
		"| folder | files | with a reference | equal | runs, no reference | differs, explained | differs | fails while running | refused |\n|---|---|---|---|---|---|---|---|---|\n")
	var all Count
	for _, c := range append(Counts(list), Count{}) {
		if c.Folder == "" {
			c = all
			c.Folder = "all"
		}
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d | %d | %d | %d |\n", c.Folder, c.Files, c.Referenced, c.Equal, c.Runs, c.Explained, c.Wrong, c.Fail, c.Refused)
		all.Files += c.Files
		all.Referenced += c.Referenced
		all.Equal += c.Equal
		all.Runs += c.Runs
		all.Explained += c.Explained
		all.Wrong += c.Wrong
		all.Fail += c.Fail
		all.Refused += c.Refused
	}
}

// operatorRow is one line of the table of operators.
type operatorRow struct {
	Use
	files int
}

func writeOperators(b *strings.Builder, list []*Result) {
	var rows []operatorRow
	for _, r := range list {
		for _, u := range r.Uses {
			i := slices.IndexFunc(rows, func(o operatorRow) bool { return o.Name == u.Name })
			if i < 0 {
				i = len(rows)
				rows = append(rows, operatorRow{Use: Use{Name: u.Name}})
			}
			o := &rows[i]
			o.files++
			o.NPU += u.NPU
			o.Host += u.Host
			o.Refused += u.Refused
			o.Before += u.Before
		}
	}
	slices.SortFunc(rows, func(x, y operatorRow) int { return cmp.Compare(x.Name, y.Name) })
	b.WriteString("\n## Operator by operator\n\nOperators of the graphs in the files above. Those of a refused file count as well, and each by what\nupset check says of it.\n\n" +
		"| operator | files | NPU | host | known before the inference | refused |\n|---|---|---|---|---|---|\n")
	for _, o := range rows {
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d |\n", o.Name, o.files, o.NPU, o.Host, o.Before, o.Refused)
	}
}

func writeRow(b *strings.Builder, r *Result) {
	all := 0
	for _, u := range r.Uses {
		all += u.NPU + u.Host
	}
	onNPU, host, macs, cycles := "–", "–", "–", "–"
	if r.Refused == "" {
		host = fmt.Sprint(r.Host)
		macs = fmt.Sprint(r.MACs)
		if r.Foretold != r.Host {
			host += fmt.Sprintf(" (check: %d)", r.Foretold)
		}
		if onNPU = fmt.Sprint(all - r.Host); all == 0 || r.Compiled {
			onNPU = fmt.Sprintf("%d of the stream", r.Stream)
		}
		if r.Cycles > 0 {
			cycles = fmt.Sprint(r.Cycles)
		}
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", r.Name, r.Config, onNPU, host, macs, cycles, cell(r.Verdict()))
}

// Verdict is the result in words.
func (r *Result) Verdict() string {
	cases := r.Equal + r.Different
	switch {
	case r.Refused != "":
		return "refused: " + r.Refused
	case r.Failed != "":
		return "fails: " + r.Failed
	case r.Machines != "":
		return "machines differ: " + r.Machines
	case r.Different > 0:
		return strings.TrimSuffix(fmt.Sprintf("%d of %d bytes differ in %d of %d cases: %s", r.DifferentBytes, r.OutputBytes, r.Different, cases, r.Explanation()), ": ")
	case !r.Ran:
		return "opens; too large to run here"
	case cases == 0:
		return "runs"
	case r.Sequences > 0:
		return fmt.Sprintf("equal (%d cases, sequence)", cases)
	}
	return fmt.Sprintf("equal (%d cases)", cases)
}

// cell makes a text fit a cell of a table.
func cell(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.ReplaceAll(s, "|", `\|`)
}
