package protect

import (
	"context"
	"testing"

	"upset/faults"
	"upset/faults/mechanism"
	"upset/npu"
)

// everyKind lists the mechanisms that stand on flops or beside a block.
func everyKind(t testing.TB) (list []mechanism.Kind) {
	t.Helper()
	for k := mechanism.HardenLight; ; k++ {
		if _, err := mechanism.ParseKind(k.String()); err != nil {
			return list
		}
		if k != mechanism.SECDED {
			list = append(list, k)
		}
	}
}

func model(t testing.TB, text string) faults.Model {
	t.Helper()
	m, err := faults.ParseModel(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Beside every mechanism, the fast engine gives the record of the plain machine for
// events of several bits.
func TestSeveralBitsAgreeWithPlain(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	cells := mechanism.DefaultCells()
	cells.DICE.SER = 0.3 // or hardly a cell flips
	for _, text := range []string{"pair", "mcu:shares=0.1/0.3/0.3/0.3:flops"} {
		several := e.With(model(t, text))
		for _, k := range everyKind(t) {
			d, err := mechanism.New(e.Table(), Everywhere(k), cells, 5)
			if err != nil {
				t.Fatal(err)
			}
			list, err := Validate(context.Background(), several, d, uint64(k), 60, 2, nil)
			if err != nil {
				t.Fatal(err)
			}
			live := 0
			for i := range list {
				x := &list[i]
				if !x.Same() {
					t.Errorf("%s beside %s, %s@%d: fast %+v, plain %+v", text, k, d.Name(x.Site.ID), x.Site.Cycle, x.Fast, x.Plain)
				}
				if x.Fast.Outcome != faults.Masked {
					live++
				}
			}
			if live < 10 {
				t.Errorf("%s beside %s: only %d of %d do anything", text, k, live, len(list))
			}
		}
	}
}

// Pulses and faults that stay are refused beside a mechanism, by the plain machine
// as well.
func TestModelsRefusedBesideMechanisms(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 1, npu.ECCSECDED)
	d, err := mechanism.New(e.Table(), Everywhere(mechanism.Parity), mechanism.DefaultCells(), 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"set", "intermittent", "stuck-at-1"} {
		w, err := e.With(model(t, text)).Worker()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Inject(0, faults.Site{ID: 3, Cycle: 50}, Guard(d)); err == nil {
			t.Errorf("%s beside parity is injected", text)
		}
		if _, err := w.PlainGuarded(0, faults.Site{ID: 3, Cycle: 50}, Guard(d)); err == nil {
			t.Errorf("%s beside parity is injected plainly", text)
		}
	}
}
