package qualify

import (
	"bytes"
	"context"
	"fmt"

	"upset/faults/provenance"
	"upset/models/zoo"
	"upset/npu/isa"
)

// referenced holds every output of the machine against the reference interpreter.
func referenced(ctx context.Context, b *bench) (f finding, err error) {
	for _, z := range zoo.Networks() {
		data, err := z.ReadModel(b.models)
		if err != nil {
			return f, err
		}
		for _, cfg := range isa.Configs {
			if err := ctx.Err(); err != nil {
				return f, err
			}
			_, got, inputs, err := b.answer(z.Name, cfg)
			if err != nil {
				return f, err
			}
			want, err := interpreted(data, inputs)
			if err != nil {
				return f, err
			}
			for i := range want {
				if f.cases++; !bytes.Equal(got[i], want[i]) {
					f.fail("%s on %s, input %d: %v, reference %v", z.Name, cfg, i, got[i], want[i])
				}
			}
		}
	}
	return f, nil
}

// answers holds outputs and cycles against the known ones.
func answers(ctx context.Context, b *bench) (f finding, err error) {
	want := map[string]Answer{}
	for _, a := range b.known.Answers {
		want[a.Network+" on "+a.NPU] = a
	}
	for _, z := range zoo.Networks() {
		for _, cfg := range isa.Configs {
			if err := ctx.Err(); err != nil {
				return f, err
			}
			got, _, _, err := b.answer(z.Name, cfg)
			if err != nil {
				return f, err
			}
			name := got.Network + " on " + got.NPU
			if f.cases++; got != want[name] {
				f.fail("%s: %d cycles, outputs %.12s; known %d and %.12s", name, got.Cycles, got.Outputs, want[name].Cycles, want[name].Outputs)
			}
			delete(want, name)
		}
	}
	for name := range want {
		f.fail("%s: known, but not run", name)
	}
	return f, nil
}

// probes repeats the experiments that figures in documents are marked with.
func probes(ctx context.Context, b *bench) (f finding, err error) {
	m, err := provenance.Probes(ctx, b.models)
	if err != nil {
		return f, err
	}
	for _, x := range []struct{ what, got, want string }{{"campaign", m.Probe, b.known.Probe}, {"mechanisms", m.Mechanisms, b.known.Mechanisms}} {
		if f.cases++; x.got != x.want {
			f.fail("%s: digest %s, known %s", x.what, x.got, x.want)
		}
	}
	f.measured = fmt.Sprintf("digests %s, %s", m.Probe, m.Mechanisms)
	return f, nil
}
