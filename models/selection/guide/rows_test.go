package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"upset/models/selection"
	"upset/models/selection/tasks"
)

// registry is that of the program.
func registry(t *testing.T) selection.Registry {
	t.Helper()
	r, err := tasks.All()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(r)
}

// written is the page of a registry.
func written(t *testing.T, r selection.Registry) string {
	t.Helper()
	text, err := page(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// rows are the cells of the table under a heading, without its head.
func rows(t *testing.T, text, heading string) (list [][]string) {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("the page has no part %q", heading)
	}
	part, _, _ := strings.Cut(rest, "\n## ")
	for line := range strings.Lines(part) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "|") {
			continue
		}
		var cells []string
		for _, c := range strings.Split(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(c))
		}
		list = append(list, cells)
	}
	if len(list) < 3 {
		t.Fatalf("the table under %q has %d lines", heading, len(list))
	}
	for _, cells := range list {
		if len(cells) != len(list[0]) {
			t.Errorf("under %q a row has %d cells of %d: %v", heading, len(cells), len(list[0]), cells)
		}
	}
	return list[2:]
}

// Every task of the NPU has one row with what the registry says of it, in the registry's
// order, and stands in the row of the one use that it serves.
func TestRowsOfTasks(t *testing.T) {
	r := registry(t)
	text := written(t, r)
	list, byUse := rows(t, text, "Tasks"), rows(t, text, "By use")
	at := 0
	for i := range r {
		task := &r[i]
		if task.Kind != selection.OnNPU {
			continue
		}
		if at >= len(list) {
			t.Fatalf("%d rows for more tasks", len(list))
		}
		row := list[at]
		at++
		want := []string{"`" + task.Name + "`", task.Title, task.Family, task.Utility, task.Mechanism, string(task.Metric)}
		if !slices.Equal(row[:6], want) {
			t.Errorf("row %v, want %v", row[:6], want)
		}
		if strings.Contains(row[6], "stand-in: ") != (task.StandIn != "") || strings.Contains(row[6], "not reproduced: ") != (task.Negative != "") {
			t.Errorf("%s: remark %q", task.Name, row[6])
		}
		found := 0
		for _, u := range byUse {
			if slices.Contains(strings.Split(u[4], ", "), want[0]) {
				if found++; u[1] != task.Family || !slices.Contains(strings.Split(u[2], ", "), string(task.Metric)) {
					t.Errorf("%s of family %s with outcome %s serves %v", task.Name, task.Family, task.Metric, u[:3])
				}
			}
		}
		if found != 1 {
			t.Errorf("%s stands in %d uses", task.Name, found)
		}
	}
	if at != len(list) {
		t.Errorf("%d rows for %d tasks", len(list), at)
	}
}

// Outcomes count their tasks, and all kinds of outcome that there are have a row.
func TestRowsOfOutcomes(t *testing.T) {
	r := registry(t)
	list, sum, npu := rows(t, written(t, r), "Outcomes"), 0, 0
	var named []string
	for _, row := range list {
		n := 0
		for i := range r {
			if r[i].Kind == selection.OnNPU && string(r[i].Metric) == row[0] {
				n++
			}
		}
		if got, err := strconv.Atoi(row[2]); err != nil || got != n {
			t.Errorf("outcome %s: %s tasks, the registry has %d", row[0], row[2], n)
		}
		sum += n
		named = append(named, row[0])
	}
	for i := range r {
		if r[i].Kind == selection.OnNPU {
			npu++
		}
	}
	if sum != npu {
		t.Errorf("outcomes of %d tasks for %d", sum, npu)
	}
	for _, m := range []selection.Metric{selection.Label, selection.Set, selection.Route, selection.Depth, selection.Accept, selection.Weights, selection.Value} {
		if n := len(slices.DeleteFunc(slices.Clone(named), func(s string) bool { return s != string(m) })); n != 1 {
			t.Errorf("outcome %s has %d rows", m, n)
		}
	}
}

// A task that changes its family or outcome changes its use, one that is new gets a row, and
// what is said of it is said on the page.
func TestPageFollowsTheRegistry(t *testing.T) {
	r := registry(t)
	k := slices.IndexFunc(r, func(x selection.Task) bool { return x.Name == "task-merging" })
	more := r[k]
	more.Name, more.Title, more.Family, more.Metric = "my-stream", "A stream", "sequence", selection.Label
	more.StandIn, more.Negative = "half of it", "that it works"
	r = append(r, more)
	list := rows(t, written(t, r), "Tasks")
	if last := list[len(list)-1]; last[0] != "`my-stream`" || last[6] != "stand-in: half of it; not reproduced: that it works" {
		t.Errorf("row %v", last)
	}
	for _, u := range rows(t, written(t, r), "By use") {
		if has := strings.Contains(u[4], "my-stream"); has != (u[1] == "sequence") {
			t.Errorf("%v has the new task: %v", u[:3], has)
		}
	}
	// Two uses that claim one task are refused, as is none.
	before := uses
	defer func() { uses = before }()
	uses = append(slices.Clone(uses), use{want: "again", family: "sequence", metrics: []selection.Metric{selection.Label}})
	if _, err := page(r); err == nil || !strings.Contains(err.Error(), "2 uses") {
		t.Errorf("two uses of one task: %v", err)
	}
	if _, err := page(nil); err == nil {
		t.Error("a registry without tasks: no error")
	}
}

// Parts of the program are listed with the place where they are, and every table cell is a
// single line.
func TestRowsOfParts(t *testing.T) {
	r := registry(t)
	list := rows(t, written(t, r)+"\n", "Publications that are parts of the program")
	var want [][]string
	for i := range r {
		if r[i].Kind == selection.Product {
			want = append(want, []string{r[i].Title, r[i].Where})
		}
	}
	if !slices.EqualFunc(list, want, slices.Equal) {
		t.Errorf("parts %v, want %v", list, want)
	}
	for _, k := range rows(t, written(t, r), "By kind of task in the field") {
		if slices.Contains(k, "") {
			t.Errorf("an empty cell: %v", k)
		}
	}
}

// Uses are different ones, each says what to ask, and its outcomes are explained.
func TestUses(t *testing.T) {
	seen := map[string]bool{}
	for _, u := range uses {
		if seen[u.want] || u.want == "" || u.field == "" || u.ask == "" || len(u.metrics) == 0 {
			t.Errorf("use %+v: it stands twice or lacks something", u)
		}
		seen[u.want] = true
		for _, m := range u.metrics {
			if !slices.ContainsFunc(metrics, func(x struct {
				metric selection.Metric
				text   string
			}) bool {
				return x.metric == m && x.text != ""
			}) {
				t.Errorf("outcome %s of who wants to %s is not explained", m, u.want)
			}
		}
	}
	u := use{family: "exit", metrics: []selection.Metric{selection.Depth}}
	for _, c := range []struct {
		family string
		metric selection.Metric
		want   bool
	}{{"exit", selection.Depth, true}, {"exit", selection.Set, false}, {"route", selection.Depth, false}} {
		if got := u.serves(&selection.Task{Family: c.family, Metric: c.metric}); got != c.want {
			t.Errorf("%s with %s: %v", c.family, c.metric, got)
		}
	}
}

func TestNamed(t *testing.T) {
	for text, want := range map[string][]string{
		"":                         nil,
		"nothing":                  nil,
		"`a`":                      {"a"},
		"`a`, `upset check` `b-c`": {"a", "b-c"},
		"an open `end":             {"end"},
	} {
		if got := named(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// Pages that are linked are there, and a page that cannot be written is an error.
func TestLinks(t *testing.T) {
	docs := filepath.Join("..", "..", "..", "docs")
	n := 0
	for _, part := range strings.Split(written(t, registry(t)), "](")[1:] {
		link, _, _ := strings.Cut(part, ")")
		if n++; !strings.Contains(link, ":") {
			if _, err := os.Stat(filepath.Join(docs, link)); err != nil {
				t.Errorf("a link to %s: %v", link, err)
			}
		}
	}
	if n < 2 {
		t.Errorf("%d links", n)
	}
	if err := run(filepath.Join(t.TempDir(), "none", "page.md")); err == nil {
		t.Error("a folder that is not there: no error")
	}
}
