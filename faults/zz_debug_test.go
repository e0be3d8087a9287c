package faults

import (
	"fmt"
	"os"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

var dbg func(w *Worker, u *pursuit, what string)

func TestZZ(t *testing.T) {
	p := sharedProgram(t, "kws_ref_model", isa.U55x128)
	in, _ := os.ReadFile("../../shared/golden/kws_ref_model/in_00.bin")
	e, err := New(p, [][]byte{in}, Options{ECC: npu.ECCSECDED}, nil)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(e.begins)
	for i, o := range e.follow.ops[:16] {
		fmt.Println(i, o.Kind, o.Kernel, o.Reads, o.Writes, o.Constants, e.future.ops[i].bank)
	}
	w := worker(t, e)
	debugEarly = func(s string) { fmt.Println(s) }
	for _, x := range []struct {
		n string
		c uint64
	}{{"cc.bank2.ifm_base0.18", 5127}, {"mac.prod[5].3", 14000}} {
		id, err := e.Table().Parse(x.n)
		if err != nil {
			t.Fatal(err)
		}
		r, err := w.Inject(0, Site{id, x.c}, nil)
		fmt.Println(r, r.Path, err, w.Stepped())
	}
}
