package report

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
)

// pageTemplate is the page: no script, no link, readable in print.
//
//go:embed page.html.tmpl
var pageTemplate string

// pageSection is a section as the template needs it.
type pageSection struct {
	Heading, Verdict, Banner, Note string
	Pairs                          []pagePair
	Columns                        []pageColumn
	Rows                           [][]pageCell
	Figure                         template.HTML
	Lines                          []string
	Code                           bool
}

// pagePair, pageColumn and pageCell are their lower-case namesakes.
type (
	pagePair   struct{ Name, Value string }
	pageColumn struct {
		Name  string
		Right bool
	}
	pageCell struct {
		Text, Class string
		Right       bool
		Parts       []string // of Text, of a right cell
	}
)

// typographic replaces the signs that a terminal may lack.
var typographic = strings.NewReplacer("<= ", "≤ ", ">= ", "≥ ", " - ", " – ", " x ", " × ")

// unbroken splits a figure into the parts that stay on one line: in a table that is too
// wide it breaks before its interval only.
func unbroken(text string) []string {
	figure, interval, found := strings.Cut(text, " [")
	if !found {
		return []string{text}
	}
	return []string{figure, "[" + interval}
}

// writeHTML renders a document as one self-contained page.
func writeHTML(w io.Writer, d document) error {
	page, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return err
	}
	data := struct {
		Title, Subtitle string
		Sections        []pageSection
	}{Title: d.title, Subtitle: d.subtitle}
	for _, s := range d.sections {
		data.Sections = append(data.Sections, newPageSection(s))
	}
	return page.Execute(w, data)
}

// newPageSection converts a section for the template.
func newPageSection(s section) pageSection {
	p := pageSection{
		Heading: typographic.Replace(s.heading), Verdict: s.verdict, Banner: typographic.Replace(s.banner),
		Note: typographic.Replace(s.note), Figure: s.figure, Lines: s.lines, Code: s.heading == "Reproduce",
	}
	for _, k := range s.pairs {
		p.Pairs = append(p.Pairs, pagePair{k.name, typographic.Replace(k.value)})
	}
	if s.table == nil {
		return p
	}
	for _, c := range s.table.columns {
		p.Columns = append(p.Columns, pageColumn{c.name, c.right})
	}
	for _, row := range s.table.rows {
		cells := make([]pageCell, len(row))
		for i, c := range row {
			cells[i] = pageCell{Text: typographic.Replace(c.text), Class: c.class, Right: s.table.columns[i].right}
			if cells[i].Right {
				cells[i].Parts = unbroken(cells[i].Text)
			}
		}
		p.Rows = append(p.Rows, cells)
	}
	return p
}
