package residue

import (
	"fmt"
	"strings"

	"upset/stats/result"
)

// Page writes docs/residue.md.
func Page(list []result.Residue) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `# What a masked fault leaves behind

This page is written by

    go run ./faults/residue/generate

An upset counts as masked where the output is right and the next inference, of another input and without a reset, ends right,
too. It counts as latent where that next inference goes wrong. Here each upset is injected once more, nothing is cut short, and
%d further inferences of other inputs run on the machine as the upset left it. Upsets are drawn by block and class, half of them in
the last eighth of the inference, where more is left behind: shares on this page are not rates. The RAM has no code.

*Left something behind*: flops, shared buffer or memory differ from those of the fault-free run at its end. Limits are one-sided at 95 %%.

| network | NPU | drawn | masked, nothing left | masked, something left | of these harmful | upper limit | latent | of these harmful | with a wrong output |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|
`, Later)
	var all result.ResidueCount
	var example string
	for _, r := range list {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %.3f %% | %d | %d | %d |\n",
			r.Model, r.NPU, r.Drawn, r.Clean, r.Masked.N, r.Masked.Harmed, 100*r.Masked.Upper, r.Latent.N, r.Latent.Harmed, r.Latent.Output)
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
The first version of this comparison found that 7 of 200 such upsets did harm. The classification then ran the *same* input
again: an upset of a flag of the input buffer made the NPU compute with what the inference before had left in memory, which was right by
chance as long as the input was the same. Since then the second inference is of the next input in the list, or of the
complement of the only one.
`)
	return b.String(), nil
}
