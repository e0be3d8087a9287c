//go:build !linux

package endurance

import "context"

// Full needs a disk of its own, which only Linux gives.
func (h *Harness) Full(context.Context, int) (Scenario, error) {
	return Scenario{Name: "a full disk, then a read-only one", Skipped: "only Linux has a tmpfs"}, nil
}
