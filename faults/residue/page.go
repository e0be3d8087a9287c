package residue

import (
	"fmt"
	"strings"

	"upset/faults"
	"upset/stats/result"
)

// Page writes docs/residue.md.
func Page(list []result.Residue) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `# What a masked fault leaves behind

This page is written by

    go run ./faults/residue/generate

An upset counts as masked where the output is right and nothing that later inferences read is wrong any more, within %d
inferences of other inputs and without a reset. It counts as latent where one of them goes wrong, or where after all of them something is
still there (not settled). Here each upset is repeated on a plain machine with a host of its own: nothing is cut short, the inputs
come in another order, and up to %d further inferences run, until one goes wrong or the state is that of a fault-free machine to the
bit. Upsets are drawn by block and class, half of them in the last eighth of the inference, where more is left behind: shares on
this page are not rates. The RAM has no code.

*Left something behind*: any bit of flops, shared buffer or memory differs from the fault-free run at its end, though nothing may read it. Limits are one-sided at 95 %%.

| network | NPU | drawn | masked, nothing left | masked, something left | of these harmful | upper limit | latent | of these harmful | with a wrong output | not settled |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
`, faults.MaxFollowed, Later)
	var all result.ResidueCount
	var example string
	for _, r := range list {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %.3f %% | %d | %d | %d | %d |\n",
			r.Model, r.NPU, r.Drawn, r.Clean, r.Masked.N, r.Masked.Harmed, 100*r.Masked.Upper, r.Latent.N, r.Latent.Harmed, r.Latent.Output, r.Latent.Unsettled)
		add(&all, r.Masked)
		if example == "" {
			example = r.Example
		}
	}
	if err := limit(&all); err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "\nIn all, %d of %d masked upsets that left something behind harmed a later inference: at most %.3f %%.\n", all.Harmed, all.N, 100*all.Upper)
	if example != "" {
		fmt.Fprintf(&b, "\nThe first one: %s.\n", example)
	}
	b.WriteString(`
An earlier version of the classification followed one inference only. This comparison then found 4 of 60 masked upsets that stop a later
inference of a sensor network, and 19 of 5000 that harm one of hello_world on U55-256.

The first version of all found that 7 of 200 such upsets did harm. The classification then ran the *same* input
again: an upset of a flag of the input buffer made the NPU compute with what the inference before had left in memory, which was right by
chance as long as the input was the same. Since then what follows is of the next inputs in the list, or of the
only one and its complement in turn.
`)
	return b.String(), nil
}
