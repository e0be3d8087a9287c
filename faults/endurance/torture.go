package endurance

import (
	"context"
	"time"
)

// Doses say how much of each treatment there is.
type Doses struct {
	Kills int // of processes, over all scenarios
	Twice int // rounds of two processes on every kind of folder
	Disks int // trials of each failure of a disk, for a campaign, for shards and for a proof
	Full  int // trials on a disk that is really full
}

// Torture runs all scenarios. What went wrong is in the result; the error is about the
// harness.
func (h *Harness) Torture(ctx context.Context, d Doses) (*Torture, error) {
	began := time.Now()
	version, err := h.Program.Version(ctx)
	if err != nil {
		return nil, err
	}
	t := &Torture{Program: version, Machine: machine(), Seed: h.Seed}
	defer func() { t.Seconds = time.Since(began).Seconds() }()
	if t.Scenarios, err = h.Kills(ctx, d.Kills); err != nil {
		return t, err
	}
	twice, err := h.Twice(ctx, d.Twice)
	if err != nil {
		return t, err
	}
	disks, err := h.Disks(ctx, d.Disks)
	if err != nil {
		return t, err
	}
	full, err := h.Full(ctx, d.Full)
	if err != nil {
		return t, err
	}
	t.Scenarios = append(append(append(t.Scenarios, twice), disks...), full)
	return t, nil
}
