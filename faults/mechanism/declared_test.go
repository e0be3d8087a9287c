package mechanism

import (
	"strings"
	"testing"
)

func TestDefaultInputsAreTheDefaultCells(t *testing.T) {
	c, err := DefaultInputs().Cells()
	if err != nil || c != DefaultCells() {
		t.Errorf("cells %v, error %v: the printed table and what is simulated differ", c, err)
	}
}

func TestWorstEndOfARangeDecides(t *testing.T) {
	in, err := ReadInputs(strings.NewReader("cells:\n  harden-light: {area: [1.1, 1.3], ratio: [0.2, 0.3], source: data sheet}\n  parity: {area: 1.5}\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := in.Cells()
	if err != nil {
		t.Fatal(err)
	}
	if c.Light != (Cell{Area: 1.3, SER: 0.3, Least: 0.2}) || c.Light.LeastSER() != 0.2 {
		t.Errorf("light cell %+v: want the larger area and ratio, and the smaller ratio for the denominator", c.Light)
	}
	if c.DICE.LeastSER() != c.DICE.SER {
		t.Error("a cell without a range has two ratios")
	}
	if c.factor(Parity) != 1.5 || c.factor(Duplicate) != 1 {
		t.Errorf("factors %v", c.Factor)
	}
	if in[0].Source != "data sheet" || !strings.Contains(in[1].Source, "CLEAR") {
		t.Errorf("sources %q and %q", in[0].Source, in[1].Source)
	}
}

func TestHardenedRatioBoundsTheLightCell(t *testing.T) {
	for ratio, light := range map[float64]float64{0.1: 0.25, 0.3: 0.3} {
		c, err := DefaultInputs().WithHardenedRatio(ratio).Cells()
		if err != nil || c.DICE.SER != ratio || c.Light.SER != light {
			t.Errorf("hardened ratio %v: cells %+v, error %v", ratio, c, err)
		}
	}
}

func TestBadInputsAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "cells: {}", "cells: {dice: {ratio: 0.1}}", "cells: {harden: {}}", "cells: {harden: {ratio: 2}}",
		"cells: {harden: {ratio: [0.3, 0.2]}}", "cells: {harden: {ratio: [0, 0.2]}}", "cells: {harden: {ratio: -1}}", "cells: {harden: {area: 0.5}}",
		"cells: {parity: {ratio: 0.1}}", "cells: {parity: {area: 0}}", "cells: {parity: {area: .nan}}", "cells: {harden: {ratio: .inf}}",
		"cells: {harden: {ration: 0.1}}", "cells: {harden: {ratio: [0.1]}}", "cells: {harden: {ratio: low}}",
	} {
		if _, err := ReadInputs(strings.NewReader(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func FuzzReadInputs(f *testing.F) {
	f.Add("cells:\n  harden: {area: [1.1, 1.3], ratio: 0.3}\n")
	f.Fuzz(func(t *testing.T, text string) {
		in, err := ReadInputs(strings.NewReader(text))
		if err != nil {
			return
		}
		if c, err := in.Cells(); err != nil || c.check() != nil {
			t.Fatalf("%q: cells %v, error %v", text, c, err)
		}
	})
}
