package readings

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"upset/stats/result"
)

// Folder is where readings stand, below the project's folder.
const Folder = "testdata/readings"

// Case is a reading with the run of its stream.
type Case struct {
	Reading *Reading
	File    string // name of the reading's file
	Run     result.Run
}

// Cases reads all readings of a folder in the order of their names, without their runs.
func Cases(folder string) ([]Case, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no reading (*.yaml) in %s", folder)
	}
	var list []Case
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		r, err := Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		if r.Name+".yaml" != filepath.Base(f) {
			return nil, fmt.Errorf("%s: its name is %s: name the file %s.yaml", f, r.Name, r.Name)
		}
		list = append(list, Case{Reading: r, File: filepath.Base(f)})
	}
	return list, nil
}

// Find returns the path of a stream in a folder. It fails where the file is another one.
func (s *Stream) Find(folder string) (string, error) {
	path := filepath.Join(folder, s.File)
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != s.SHA256 {
		return "", fmt.Errorf("%s: its SHA-256 is %x, the reading is of %s", path, sum, s.SHA256)
	}
	return path, nil
}

// Arguments are those of upset for the run that a reading is compared with, in JSON.
func (c *Case) Arguments(stream, folder string) []string {
	return []string{
		"run", stream, "--npu", c.Reading.NPU, "--system", c.Reading.System, "--pmu", filepath.Join(folder, c.File), "--format", "json",
	}
}

// head opens the page.
const head = `# Readings of real counters

This page is written by

    go run ./models/readings/generate

from the readings in testdata/readings: counters that somebody read on a board or in Arm's simulator for a stream that is known
byte by byte. The same stream runs on the machine with the named system that comes closest.

What this page does **not** show: nothing about flops, and nothing about faults. No reading tells what a register holds or what an
upset in it does. Equal counters say that the machine moves the same data in about the same time; that is all they say. A board's
reading is a measurement, one of Arm's simulator is not: Arm states that its simulator is not cycle accurate.

A reading is a small file; any board's counters can be added: the stream's name and SHA-256, the configuration, a system of
` + "`upset system --list`" + `, the source, and the counters under the public names of the PMU events. ` + "`upset run MODEL --pmu FILE`" + ` compares
any file of counters with a run, also the text that the evaluation kit prints, and says which operations could explain a difference.

Beats are 64 bits. Ratios are ours ÷ reading. The counter cycle is what tools print as the total of cycles. A dash: the machine counts
nothing of the kind; idle cycles are the driver's. The difference by operation is that of active cycles, reading − ours, over the operations of the NPU, transfers apart.
`

// Write writes the page.
func Write(w io.Writer, list []Case) error {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Case) int {
		return cmp.Or(cmp.Compare(a.Reading.ReadBy, b.Reading.ReadBy), cmp.Compare(a.Reading.Name, b.Reading.Name))
	})
	var b strings.Builder
	b.WriteString(head)
	b.WriteString("\n## In short\n\n| reading | read by | active cycles: reading | ours | ratio | difference by operation | beats that differ |\n|---|---|---:|---:|---:|---:|---|\n")
	for _, c := range list {
		if c.Run.Reading == nil {
			return fmt.Errorf("%s: its run compares nothing", c.Reading.Name)
		}
		reading, ours, ratio, each := "–", "–", "–", "–"
		for _, x := range c.Run.Reading.Counters {
			if x.Name == active {
				reading, ours, ratio = texts(x)
				if n := c.kernels(); x.Ours != nil && n > 0 {
					each = sign((x.Reading - *x.Ours) / n)
				}
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", c.Reading.Name, c.Reading.ReadBy, reading, ours, ratio, each, differing(c.Run.Reading.Counters))
	}
	for _, c := range list {
		c.write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// kernels is the number of operations of the NPU in the run, transfers apart.
func (c *Case) kernels() (n int64) {
	for _, o := range c.Run.Operations {
		if o.Kind != "dma" && o.Kind != "cpu" {
			n++
		}
	}
	return n
}

// texts are the value of a counter, ours and the ratio.
func texts(c result.Counter) (reading, ours, ratio string) {
	reading, ours, ratio = group(c.Reading), "–", "–"
	if c.Ours != nil {
		ours = group(*c.Ours)
	}
	if c.Ratio != nil {
		ratio = fmt.Sprintf("%.3f", *c.Ratio)
	}
	return reading, ours, ratio
}

// differing lists the beats that are not equal.
func differing(list []result.Counter) string {
	var parts []string
	for _, c := range list {
		if c.Differs {
			parts = append(parts, fmt.Sprintf("%s by %s", c.Name, sign(c.Reading-*c.Ours)))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// pageSuspects is how many operations of a reading the page lists (our choice).
const pageSuspects = 5

// write writes the part of one reading.
func (c *Case) write(b *strings.Builder) {
	r, run := c.Reading, c.Run.Reading
	source := cell(r.Source.Title)
	if r.Source.URL != "" {
		source += ", <" + r.Source.URL + ">"
	}
	if r.Source.Date != "" {
		source += ", " + r.Source.Date
	}
	fmt.Fprintf(b, "\n## %s\n\n%s, on %s. Read by a %s: %s. Stream `%s`, SHA-256 `%s`; system `%s`.\n",
		r.Name, cell(r.Network), strings.ToUpper(r.NPU), r.ReadBy, source, r.Stream.File, r.Stream.SHA256[:16], r.System)
	b.WriteString("\n| counter | reading | ours | ratio |\n|---|---:|---:|---:|\n")
	for _, x := range run.Counters {
		reading, ours, ratio := texts(x)
		if x.Differs {
			ratio = "**" + ratio + "**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", x.Name, reading, ours, ratio)
	}
	fmt.Fprintf(b, "\nWhat explains it: %s\n\nWhat would decide it: %s\n", cell(r.ExplainedBy), cell(r.DecidedBy))
	if len(run.Explanations) > 0 {
		b.WriteString("\n| could be | counter | difference | at most | operations | |\n|---|---|---:|---:|---:|---|\n")
		for _, e := range run.Explanations {
			fmt.Fprintf(b, "| %s | %s | %s | %s | %d | %s |\n", e.Name, e.Counter, sign(e.Difference), group(e.AtMost), e.Operations, cell(e.Meaning))
		}
	}
	if len(run.Operations) > 0 {
		b.WriteString("\n| operation | cycles | written beats | points |\n|---|---:|---:|---|\n")
		for _, o := range run.Operations[:min(pageSuspects, len(run.Operations))] {
			points := "–"
			if len(o.Points) > 0 {
				points = strings.Join(o.Points, ", ")
			}
			fmt.Fprintf(b, "| %d %s | %s | %s | %s |\n", o.Index, o.Kind, group(o.Cycles), group(o.Written), points)
		}
	}
}

// markup is what would be more than text on the page.
var markup = strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ", "`", "'")

// cell is a text in one line of the page.
func cell(text string) string { return strings.Join(strings.Fields(markup.Replace(text)), " ") }

// group is a number with commas.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// sign is a number with its sign.
func sign(n int64) string {
	if n > 0 {
		return "+" + group(n)
	}
	return group(n)
}
