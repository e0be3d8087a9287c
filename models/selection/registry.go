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

// ProductTasks are the publications whose algorithms are parts of this program
// rather than workloads of the NPU.
func ProductTasks() []Task {
	return []Task{
		{
			Name: "adaptive-sampling", Title: "Adaptive Sampling Strategies to Construct Equitable Training Datasets",
			Family: "campaign", Kind: Product, Utility: "variance", Mechanism: "sampling", Metric: Value,
			Where: "faults/campaign: --sampling adaptive",
		},
		{
			Name: "functional-hashing", Title: "Unified Functional Hashing in Automatic Machine Learning",
			Family: "campaign", Kind: Product, Utility: "similarity", Mechanism: "deduplication", Metric: Set,
			Where: "faults: --cache, outcomes by the state of the machine",
		},
		{
			Name: "model-evaluation", Title: "Model Evaluation, Model Selection, and Algorithm Selection in Machine Learning",
			Family: "statistics", Kind: Product, Utility: "objective", Mechanism: "testing", Metric: Value,
			Where: "stats: Interval, Combine, McNemar, Holm; upset compare, upset select campaign",
		},
		{
			Name: "block-descent", Title: "Let's Make Block Coordinate Descent Converge Faster: Faster Greedy Rules, Message-Passing, Active-Set Complexity, and Superlinear Convergence",
			Family: "training", Kind: Product, Utility: "influence", Mechanism: "greedy", Metric: Value,
			Where: "stats/descent: the sparse proxy of upset report --doubly-robust",
		},
	}
}
