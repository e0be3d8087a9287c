// Package tasks joins all families of selection tasks to one registry.
package tasks

import (
	"upset/models/selection"
	"upset/models/selection/cover"
	"upset/models/selection/edit"
	"upset/models/selection/exit"
	"upset/models/selection/loss"
	"upset/models/selection/match"
	"upset/models/selection/route"
)

// All returns every task in a fixed order.
func All() (selection.Registry, error) {
	return selection.NewRegistry(
		exit.Tasks(),
		cover.Tasks(),
		match.Tasks(),
		route.Tasks(),
		loss.Tasks(),
		edit.Tasks(),
		selection.ProductTasks(),
	)
}
