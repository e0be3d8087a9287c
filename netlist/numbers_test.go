package netlist

import (
	"fmt"
	"strings"
	"testing"
)

// Figures of an inventory mean what is written.
func TestOverrideNumbersAsWritten(t *testing.T) {
	load := func(key, text string) (*Override, error) {
		return LoadOverride(strings.NewReader(fmt.Sprintf("blocks: {mac: {%s: %s}}", key, text)))
	}
	if o, err := load("flops", "010"); err != nil || *o.Blocks["mac"].Flops != 10 {
		t.Errorf("flops: 010: %+v, %v", o, err)
	}
	if o, err := load("flop_fit", "010"); err != nil || *o.Blocks["mac"].FlopFIT != 10 {
		t.Errorf("flop_fit: 010: %+v, %v", o, err)
	}
	for _, text := range []string{"0x10", "0o17", "0b1", "1_0", "'10'", ".nan", ".inf", "-1", "1e300", "[1]"} {
		for _, key := range []string{"flops", "flop_fit", "comb_area_ge"} {
			if o, err := load(key, text); err == nil {
				t.Errorf("%s: %s is read as %+v", key, text, o)
			}
		}
	}
}
