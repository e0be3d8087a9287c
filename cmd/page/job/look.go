package job

import (
	"context"

	"upset/models/check"
	"upset/models/network"
)

// Looked is what a network's file is.
type Looked struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	NPU    string `json:"npu"` // the configuration that the answer is for
	// Compiled files hold command streams for the NPU.
	Compiled bool `json:"compiled"`
	// Operators that the NPU and the host compute.
	OnNPU  int `json:"on_npu"`
	OnHost int `json:"on_host"`
	// InputBytes is the size of one input.
	InputBytes int `json:"input_bytes"`
}

// Look says what a network's file is; the error of one that cannot run gives the reason.
func Look(ctx context.Context, q Request) (*Looked, error) {
	n, r, err := open(ctx, &q)
	if err != nil {
		return nil, err
	}
	return &Looked{
		Name: q.name(), Format: r.Format, NPU: r.Config.String(), Compiled: r.Compiled,
		OnNPU: r.Count(check.NPU), OnHost: r.Count(check.Host), InputBytes: n.InputBytes(),
	}, nil
}

// open reads a network and brings it to a configuration.
func open(ctx context.Context, q *Request) (*network.Network, *check.Report, error) {
	c, err := q.choice()
	if err != nil {
		return nil, nil, err
	}
	data, err := read(q.Model)
	if err != nil {
		return nil, nil, err
	}
	r := check.Examine(data, c)
	if err := r.Err(); err != nil {
		return nil, nil, refused("%s: %w", q.name(), err)
	}
	n, err := network.OpenWith(ctx, data, r.Config, c.Options)
	if err != nil {
		return nil, nil, refused("%s: %w", q.name(), err)
	}
	return n, r, nil
}
