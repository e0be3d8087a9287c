package selection

import (
	"fmt"
	"strings"
)

// Registry is a list of tasks with distinct names and titles.
type Registry []Task

// NewRegistry joins the tasks of several families and checks that each is
// complete and none appears twice.
func NewRegistry(families ...[]Task) (Registry, error) {
	var r Registry
	names, titles := map[string]bool{}, map[string]bool{}
	for _, tasks := range families {
		for _, t := range tasks {
			if err := t.complete(); err != nil {
				return nil, fmt.Errorf("task %q: %w", t.Name, err)
			}
			if names[t.Name] || titles[t.Title] {
				return nil, fmt.Errorf("task %q (%s) is registered twice", t.Name, t.Title)
			}
			names[t.Name], titles[t.Title] = true, true
			r = append(r, t)
		}
	}
	return r, nil
}

func (t *Task) complete() error {
	for _, f := range []struct{ what, text string }{
		{"name", t.Name}, {"title", t.Title}, {"family", t.Family}, {"utility", t.Utility}, {"mechanism", t.Mechanism},
	} {
		if f.text == "" {
			return fmt.Errorf("it has no %s", f.what)
		}
	}
	switch {
	case t.Kind == Product && t.Where == "":
		return fmt.Errorf("a product task must name its package")
	case t.Kind == OnNPU && (t.Build == nil || t.Check == nil || t.Metric == ""):
		return fmt.Errorf("an NPU task needs a metric, Build and Check")
	case t.Kind != Product && t.Kind != OnNPU:
		return fmt.Errorf("unknown kind %q", t.Kind)
	}
	return nil
}

// ByName finds a task.
func (r Registry) ByName(name string) (*Task, error) {
	var known []string
	for i := range r {
		if r[i].Name == name {
			return &r[i], nil
		}
		known = append(known, r[i].Name)
	}
	return nil, fmt.Errorf("unknown task %q: use one of %s", name, strings.Join(known, ", "))
}
