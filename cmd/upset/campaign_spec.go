package main

import (
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/faults/campaign"
)

// specFlags are those that define a campaign beside the experiment.
func specFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "injections", Usage: "`N` injections, by default 10,000; with --margin or --relative the most that may be spent"},
		&cli.Float64Flag{Name: "margin", Usage: "stop at this absolute half-width `E` of the critical AVF"},
		&cli.Float64Flag{Name: "relative", Usage: "stop at this relative half-width `R` of the critical AVF"},
		&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "confidence `C` of every interval and limit"},
		&cli.StringFlag{Name: "sites", Value: campaign.SitesAll, Usage: "storage to upset: all, flops or sram"},
		&cli.StringFlag{Name: "sampling", Value: campaign.SamplingStratified, Usage: "stratified, uniform or adaptive; with --margin or --relative adaptive unless given"},
		&cli.StringFlag{Name: "only", Usage: "registers by `PATTERNS`, such as 'mac.acc*,cc.bank*'"},
		&cli.StringFlag{Name: "layer", Usage: "layers by `NUMBERS`, such as 0,3"},
		&cli.StringFlag{Name: "bits", Usage: "bit positions within an element as a `RANGE`, such as 24-31"},
		&cli.StringFlag{Name: "class", Usage: "register `CLASSES`: datapath, local, global, control, config, sram"},
	}
}

// readSpec reads the flags of specFlags.
func readSpec(c *cli.Context, seed uint64) (campaign.Spec, error) {
	s := campaign.Spec{
		Seed: seed, Injections: c.Int("injections"), Margin: c.Float64("margin"), Relative: c.Float64("relative"),
		Confidence: c.Float64("confidence"), Sites: c.String("sites"), Sampling: c.String("sampling"),
		Only: words(c.String("only")), Classes: words(c.String("class")),
	}
	model, err := faults.ParseModel(c.String("fault"))
	if err != nil {
		return s, bad(err)
	}
	s.Fault = model.String()
	if !c.IsSet("sampling") && (s.Margin > 0 || s.Relative > 0) {
		s.Sampling = campaign.SamplingAdaptive
	}
	for _, name := range []string{"injections", "margin", "relative", "confidence"} {
		if c.IsSet(name) && !positive(c.Float64(name)) && c.Int(name) <= 0 {
			return s, usage("--%s %s must be a positive number", name, flagText(c, name))
		}
	}
	for _, w := range words(c.String("layer")) {
		n, err := strconv.Atoi(w)
		if err != nil || n < 0 {
			return s, usage("--layer %q: give layer numbers such as 0,3; see upset run for the layers", w)
		}
		s.Layers = append(s.Layers, n)
	}
	if text := c.String("bits"); text != "" {
		low, high, isRange := strings.Cut(text, "-")
		if !isRange {
			high = low
		}
		var b campaign.BitRange
		var err1, err2 error
		b.Low, err1 = strconv.Atoi(low)
		b.High, err2 = strconv.Atoi(high)
		if err1 != nil || err2 != nil {
			return s, usage("--bits %q: give a range such as 24-31", text)
		}
		s.Bits = &b
	}
	return s, bad(s.Check())
}

// flagText is a number flag as text.
func flagText(c *cli.Context, name string) string {
	if name == "injections" {
		return strconv.Itoa(c.Int(name))
	}
	return strconv.FormatFloat(c.Float64(name), 'g', -1, 64)
}

// words splits a list at its commas.
func words(list string) []string {
	var out []string
	for _, w := range strings.Split(list, ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}
