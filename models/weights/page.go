package weights

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"upset/npu/isa"
)

// Tolerance is how far the streams of all networks together may lie from Vela's
// size (our choice).
const Tolerance = 0.05

const head = `# Weight streams

This page is written by

    go run ./models/weights/generate

from the networks that Vela 3.10 compiled (system Ethos_U55_High_End_Embedded, memory mode Shared_Sram). It holds the bytes of
compressed weights, without scale records, each stream counted once. Networks without weights are left out.

* *Encoder*: Vela's own streams, decoded and encoded again by us: the same weights, zeros of the padding included, in the same order.
  This compares the encoders and nothing else.
* *Network*: the streams of the same network compiled by us. Blocks, the order of weights and the rewriting of layers are then ours, so
  that the streams hold other zeros in other places.
`

const causes = `
## Where the sizes differ

Both encoders write the same format. Vela's chooses by rules; ours compares the cost in bits of every legal choice: palette sizes, plain
or Rice-coded indices, zero runs, and where a new palette begins. The headers of the streams show where the difference comes from:

* ` + "`hello_world_int8`" + ` (−15 %, on U55-32 −12 %, but only 64 bytes): its middle layer holds 512 weights on U55-128, half of them zeros of the padding from 16
  to 32 channels, in alternating groups of 128 zeros and weights. Vela sends one section with a palette of 32 entries of 7 bits (224
  bits) and zero runs throughout. Nearly every value occurs once, so that the palette does not pay. Ours begins a section where the
  zeros end and sends the weights directly, 8 bits each: 256 bytes for 320. Streams are multiples of 16 bytes, so that the other two
  streams of 48 bytes cannot show a difference.
* ` + "`keyword_scrambled_8bit`" + ` (−10 %): weights of nearly equal frequency over the whole range. A single −128 needs a code of 9 bits, and Vela
  sends all 1024 weights of a stream as plain numbers of 9 bits (1168 bytes). Ours makes sections: those without −128 take 8 bits
  (1040–1072 bytes).
* ` + "`ad01_int8`" + `, ` + "`pretrainedResnet_quant`" + ` and others (−1 to −4 %): Vela sends a palette of 27 to 32 entries with Rice-coded indices. Ours often
  sends the sign-magnitude codes themselves, with a palette of two or none: with a peak at zero their order is the order of frequency
  already, and the palette's 160–260 bits a section are saved.
* ` + "`micro_speech_quantized`" + ` (+0.7 % on three configurations, the largest excess): ours looks for sections only at the borders of
  blocks of at least 64 weights and joins them greedily, so that its choice is good but not always the best.
`

// total is the sum of several comparisons.
func total(list []*Comparison) Comparison {
	var t Comparison
	for _, c := range list {
		t.Streams += c.Streams
		t.Vela += c.Vela
		t.Encoded += c.Encoded
		t.Compiled += c.Compiled
	}
	return t
}

// Write writes the page: all comparisons, sorted by network and configuration.
func Write(w io.Writer, list []*Comparison) error {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *Comparison) int {
		if n := strings.Compare(a.Network, b.Network); n != 0 {
			return n
		}
		return int(a.Config) - int(b.Config)
	})
	var b strings.Builder
	b.WriteString(head)
	writeVerdict(&b, list)
	b.WriteString("\n## Networks\n\n| network | configuration | streams | Vela | encoder | ratio | network compiled by us | ratio |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range list {
		b.WriteString(row(c) + "\n")
	}
	b.WriteString(causes)
	_, err := io.WriteString(w, b.String())
	return err
}

// row is the line of one network on one configuration.
func row(c *Comparison) string {
	return fmt.Sprintf("| %s | %s | %d | %d | %d | %.3f | %d | %.3f |", c.Network, strings.ToUpper(c.Config.String()),
		c.Streams, c.Vela, c.Encoded, c.Ratio(), c.Compiled, c.CompiledRatio())
}

func writeVerdict(b *strings.Builder, list []*Comparison) {
	b.WriteString("\n## In short\n\nAll networks together, bytes:\n\n| configuration | Vela | encoder | ratio | networks compiled by us | ratio |\n|---|---|---|---|---|---|\n")
	met := true
	line := func(name string, part []*Comparison) {
		t := total(part)
		r, compiled := t.Ratio(), t.CompiledRatio()
		met = met && math.Abs(r-1) <= Tolerance && math.Abs(compiled-1) <= Tolerance
		fmt.Fprintf(b, "| %s | %d | %d | %.3f | %d | %.3f |\n", name, t.Vela, t.Encoded, r, t.Compiled, compiled)
	}
	for _, cfg := range isa.Configs {
		part := slices.DeleteFunc(slices.Clone(list), func(c *Comparison) bool { return c.Config != cfg })
		if len(part) > 0 {
			line(strings.ToUpper(cfg.String()), part)
		}
	}
	line("all", list)
	lo, hi := math.Inf(1), 0.0
	for _, c := range list {
		lo, hi = min(lo, c.Ratio()), max(hi, c.Ratio())
	}
	verdict := "not met"
	if met {
		verdict = "met"
	}
	fmt.Fprintf(b, "\nWanted: every ratio of this table within %.0f %% of one. **%s**. Single networks: %.3f to %.3f by the encoder.\n", 100*Tolerance, verdict, lo, hi)
}
