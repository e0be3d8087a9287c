// Package tasks joins all selection tasks to one registry. Every task has a folder here
// with its rule, its check, its training, its data and a README.
package tasks

import (
	"upset/models/selection"
	"upset/models/selection/artefacts"
	conformal "upset/models/selection/tasks/conformal-selection"
	learner "upset/models/selection/tasks/context-learner"
	heads "upset/models/selection/tasks/diverse-heads"
	kmeans "upset/models/selection/tasks/diverse-kmeans"
	router "upset/models/selection/tasks/expert-router"
	switching "upset/models/selection/tasks/expert-switching"
	facility "upset/models/selection/tasks/facility-location"
	factors "upset/models/selection/tasks/factor-features"
	recruitment "upset/models/selection/tasks/fair-recruitment"
	features "upset/models/selection/tasks/feature-set"
	sessions "upset/models/selection/tasks/few-shot-sessions"
	boosting "upset/models/selection/tasks/gradient-boosting"
	graph "upset/models/selection/tasks/influence-graph"
	scoring "upset/models/selection/tasks/influence-scoring"
	kan "upset/models/selection/tasks/kan-selection"
	policy "upset/models/selection/tasks/learned-policy"
	filter "upset/models/selection/tasks/loss-filter"
	mixture "upset/models/selection/tasks/mixture-projection"
	pattern "upset/models/selection/tasks/pattern-selector"
	kcentre "upset/models/selection/tasks/probability-kcentre"
	query "upset/models/selection/tasks/query-filter"
	quick "upset/models/selection/tasks/quick-selection"
	answers "upset/models/selection/tasks/self-answers"
	utility "upset/models/selection/tasks/set-utility"
	kernel "upset/models/selection/tasks/singular-kernel"
	lasso "upset/models/selection/tasks/source-lasso"
	sparse "upset/models/selection/tasks/sparse-similarity"
	dampening "upset/models/selection/tasks/synaptic-dampening"
	target "upset/models/selection/tasks/target-transport"
	merging "upset/models/selection/tasks/task-merging"
	dynamics "upset/models/selection/tasks/token-dynamics"
	swaps "upset/models/selection/tasks/transport-swaps"
	coreset "upset/models/selection/tasks/weighted-coreset"
	pooling "upset/models/selection/tasks/weighted-pooling"
	window "upset/models/selection/tasks/window-cascade"
	worst "upset/models/selection/tasks/worst-case-forget"
)

// entry is a task with what it has stored.
type entry struct {
	task  selection.Task
	files *artefacts.Store
}

// entries are all tasks of the NPU, by family.
func entries() []entry {
	return []entry{
		{window.Task(), &window.Files},
		{conformal.Task(), &conformal.Files},
		{boosting.Task(), &boosting.Files},
		{facility.Task(), &facility.Files},
		{graph.Task(), &graph.Files},
		{kcentre.Task(), &kcentre.Files},
		{kmeans.Task(), &kmeans.Files},
		{utility.Task(), &utility.Files},
		{pooling.Task(), &pooling.Files},
		{target.Task(), &target.Files},
		{swaps.Task(), &swaps.Files},
		{sparse.Task(), &sparse.Files},
		{router.Task(), &router.Files},
		{switching.Task(), &switching.Files},
		{kan.Task(), &kan.Files},
		{filter.Task(), &filter.Files},
		{scoring.Task(), &scoring.Files},
		{dampening.Task(), &dampening.Files},
		{worst.Task(), &worst.Files},
		{quick.Task(), &quick.Files},
		{features.Task(), &features.Files},
		{dynamics.Task(), &dynamics.Files},
		{learner.Task(), &learner.Files},
		{recruitment.Task(), &recruitment.Files},
		{kernel.Task(), &kernel.Files},
		{heads.Task(), &heads.Files},
		{coreset.Task(), &coreset.Files},
		{answers.Task(), &answers.Files},
		{merging.Task(), &merging.Files},
		{query.Task(), &query.Files},
		{factors.Task(), &factors.Files},
		{lasso.Task(), &lasso.Files},
		{policy.Task(), &policy.Files},
		{sessions.Task(), &sessions.Files},
		{pattern.Task(), &pattern.Files},
		{mixture.Task(), &mixture.Files},
	}
}

// All returns every task in a fixed order.
func All() (selection.Registry, error) {
	var list []selection.Task
	for _, e := range entries() {
		list = append(list, e.task)
	}
	return selection.NewRegistry(list, selection.ProductTasks())
}

// Stores are the files of all tasks of the NPU, in the same order.
func Stores() []*artefacts.Store {
	var list []*artefacts.Store
	for _, e := range entries() {
		list = append(list, e.files)
	}
	return list
}
