package main

import (
	"fmt"
	"slices"
	"strings"

	"upset/models/selection"
)

// serves reports whether a task serves a use.
func (u *use) serves(t *selection.Task) bool {
	return t.Family == u.family && slices.Contains(u.metrics, t.Metric)
}

// page is the guide.
func page(r selection.Registry) (string, error) {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	say("%s", head)
	for i := range uses {
		u := &uses[i]
		var names, outcomes []string
		for k := range r {
			if t := &r[k]; t.Kind == selection.OnNPU && u.serves(t) {
				names = append(names, "`"+t.Name+"`")
			}
		}
		if len(names) == 0 {
			return "", fmt.Errorf("no task serves who wants to %s", u.want)
		}
		for _, m := range u.metrics {
			outcomes = append(outcomes, string(m))
		}
		say("| %s (%s) | %s | %s | %s | %s |\n", u.want, u.field, u.family, strings.Join(outcomes, ", "), u.ask, strings.Join(names, ", "))
	}
	say("%s", kindsHead)
	for _, k := range kinds {
		for _, name := range named(k.here) {
			if _, err := r.ByName(name); err != nil && name != "fashion-dscnn" {
				return "", err
			}
		}
		say("| %s | %s | %s | %s |\n", k.task, k.networks, k.onNPU, k.here)
	}
	say("%s", metricsHead)
	for _, m := range metrics {
		n := 0
		for k := range r {
			if r[k].Kind == selection.OnNPU && r[k].Metric == m.metric {
				n++
			}
		}
		say("| %s | %s | %d |\n", m.metric, m.text, n)
	}
	say("%s", tasksHead)
	for k := range r {
		t := &r[k]
		if t.Kind != selection.OnNPU {
			continue
		}
		served := 0
		for i := range uses {
			if uses[i].serves(t) {
				served++
			}
		}
		if served != 1 {
			return "", fmt.Errorf("task %s serves %d uses, want one: its family is %s, its outcome %s", t.Name, served, t.Family, t.Metric)
		}
		var remark []string
		if t.StandIn != "" {
			remark = append(remark, "stand-in: "+t.StandIn)
		}
		if t.Negative != "" {
			remark = append(remark, "not reproduced: "+t.Negative)
		}
		say("| `%s` | %s | %s | %s | %s | %s | %s |\n", t.Name, t.Title, t.Family, t.Utility, t.Mechanism, t.Metric, strings.Join(remark, "; "))
	}
	say("%s", partsHead)
	for k := range r {
		if t := &r[k]; t.Kind == selection.Product {
			say("| %s | %s |\n", t.Title, t.Where)
		}
	}
	return b.String(), nil
}

// named are the names between back quotes that are a single word.
func named(text string) (names []string) {
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 && !strings.Contains(part, " ") {
			names = append(names, part)
		}
	}
	return names
}

const head = `# Choosing a workload, a family and a metric

This page is written by

    go run ./models/selection/guide

from the registry of tasks, as ` + "`upset select list`" + ` shows it. It is the guide that a review for practitioners asks for
("Machine Learning and Deep Learning — A review for Ecologists", Pichler and Hartig, 2023): from what somebody wants to have
decided to the workload that stands for it, and to what a campaign should be asked.

Start with what you want. Take the task as it is (` + "`upset select campaign TASK`" + `), or bring your own networks and rule
([owntask.md](owntask.md)). What faults do to each family, and whether a protection that was sized for a classifier is enough for
it, is measured in [selection.md](selection.md).

## By use

| you want to | family | outcome | what to ask of a campaign | tasks |
|---|---|---|---|---|
`

const kindsHead = `
## By kind of task in the field

| task | usual networks | on the NPU? | here |
|---|---|---|---|
`

const metricsHead = `
## Outcomes

*Changed* says that the outcome is another one, *consequential* that this costs more than the task's epsilon under its own
objective. Read both: most changed sets are harmless, and most changed routes are not.

| outcome | what it is | tasks |
|---|---|---:|
`

const tasksHead = `
## Tasks

Utility is what an item is scored by, mechanism how scores become a decision (after "A Survey on Data Selection for Language
Models", Albalak et al., 2024). ` + "`upset select list --utility diversity`" + ` filters by them.

| task | publication | family | utility | mechanism | outcome | remarks |
|---|---|---|---|---|---|---|
`

const partsHead = `
## Publications that are parts of the program

| publication | part |
|---|---|
`
