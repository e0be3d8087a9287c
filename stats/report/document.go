package report

import (
	"html/template"
	"io"
	"strings"
	"unicode/utf8"

	"upset/stats/result"
)

// document is what a reader sees of a result, before it is text or a page.
type document struct {
	title    string
	subtitle string
	sections []section
}

// section is one part of a document. Empty parts are left out.
type section struct {
	heading string
	// verdict colours the section: "met", "not_met" or "not_shown".
	verdict string
	banner  string
	note    string
	pairs   []pair
	table   *table
	// figure is drawn on the page only.
	figure template.HTML
	lines  []string
	// pageOnly leaves the section out of text.
	pageOnly bool
}

// pair is one named value.
type pair struct{ name, value string }

// table is a list of rows under column names.
type table struct {
	columns []column
	rows    [][]cell
}

// column is one column; numbers are set to the right.
type column struct {
	name  string
	right bool
}

// cell is one value; class colours it on the page.
type cell struct{ text, class string }

// columns makes a header: a leading ">" sets a column to the right.
func columns(names ...string) []column {
	out := make([]column, len(names))
	for i, name := range names {
		out[i].name, out[i].right = strings.CutPrefix(name, ">")
	}
	return out
}

// add appends a row of plain cells.
func (t *table) add(texts ...string) {
	row := make([]cell, len(texts))
	for i, text := range texts {
		row[i] = cell{text: text}
	}
	t.rows = append(t.rows, row)
}

// warningSection lists warnings; nothing for none.
func warningSection(warnings []result.Warning) []section {
	if len(warnings) == 0 {
		return nil
	}
	s := section{heading: "Warnings"}
	for _, w := range warnings {
		line := w.Message + " (" + w.Code + ")"
		if w.Subject != "" {
			line = w.Subject + ": " + line
		}
		s.lines = append(s.lines, line)
	}
	return []section{s}
}

// commandSection shows how to reproduce the result.
func commandSection(command string) []section {
	if command == "" {
		return nil
	}
	return []section{{heading: "Reproduce", lines: []string{command}}}
}

// textWriter keeps the first error of many writes.
type textWriter struct {
	w   io.Writer
	err error
}

// line writes one line without blanks at its end.
func (t *textWriter) line(parts ...string) {
	if t.err == nil {
		_, t.err = io.WriteString(t.w, strings.TrimRight(strings.Join(parts, ""), " ")+"\n")
	}
}

// writeText renders a document for a terminal.
func writeText(w io.Writer, d document) error {
	t := &textWriter{w: w}
	t.line(d.title)
	if d.subtitle != "" {
		t.line(d.subtitle)
	}
	for _, s := range d.sections {
		if s.pageOnly {
			continue
		}
		t.line()
		if s.heading != "" {
			t.line(strings.ToUpper(s.heading))
		}
		if s.banner != "" {
			t.line("  ", s.banner)
		}
		if s.note != "" {
			t.line("  ", s.note)
		}
		width := 0
		for _, p := range s.pairs {
			width = max(width, utf8.RuneCountInString(p.name))
		}
		for _, p := range s.pairs {
			t.line("  ", pad(p.name, width, false), "  ", p.value)
		}
		if s.table != nil {
			t.table(*s.table)
		}
		for _, l := range s.lines {
			t.line("  ", l)
		}
	}
	return t.err
}

// table writes aligned columns.
func (t *textWriter) table(tab table) {
	widths := make([]int, len(tab.columns))
	for i, c := range tab.columns {
		widths[i] = utf8.RuneCountInString(c.name)
		for _, row := range tab.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i].text))
		}
	}
	var header strings.Builder
	for i, c := range tab.columns {
		header.WriteString("  " + pad(c.name, widths[i], c.right))
	}
	t.line(header.String())
	for _, row := range tab.rows {
		var line strings.Builder
		for i, c := range row {
			line.WriteString("  " + pad(c.text, widths[i], tab.columns[i].right))
		}
		t.line(line.String())
	}
}

// pad fills a text with blanks to a width.
func pad(text string, width int, right bool) string {
	blanks := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
	if right {
		return blanks + text
	}
	return text + blanks
}
