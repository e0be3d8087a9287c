// Package tasks joins all families of selection tasks to one registry.
package tasks

import (
	"upset/models/selection"
	"upset/models/selection/exit"
)

// All returns every task in a fixed order.
func All() (selection.Registry, error) {
	return selection.NewRegistry(
		exit.Tasks(),
		selection.ProductTasks(),
	)
}
