package engine

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"upset/faults"
	"upset/faults/criterion"
	"upset/npu/isa"
)

// A criterion from a module judges as the built-in one that it repeats, on the fast
// engine and on the plain machine; what is wrong with a module is refused at once.
func TestGuestCriterion(t *testing.T) {
	file := filepath.Join(t.TempDir(), "example.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", file, "../../testdata/guest/go")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c, err := criterion.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := criterion.Parse(c.String()); err != nil || again.String() != c.String() {
		t.Errorf("%s is not read back: %v", c, err)
	}
	user := engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{Criterion: c})
	ours := engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{Criterion: criterion.Criterion{Kind: criterion.Top1}})
	a, b, p := worker(t, user), worker(t, ours), worker(t, user)
	rng := rand.New(rand.NewPCG(71, 0))
	flops := flopSites(user.Table())
	critical := 0
	for i := range 3000 {
		s := faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(user.Cycles())}
		x, err := a.Inject(i&1, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		y, err := b.Inject(i&1, s, nil)
		if err != nil || x != y {
			t.Fatalf("module %+v, top1 %+v: %v", x, y, err)
		}
		if x.Outcome == faults.SDCCritical {
			critical++
		}
		if x.Outcome == faults.SDCCritical || x.Outcome == faults.SDCTolerable {
			if z, err := p.Plain(i&1, s); err != nil || !z.Same(x) {
				t.Fatalf("plain %+v, fast %+v: %v", z, x, err)
			}
		}
	}
	if critical == 0 {
		t.Error("no critical output: too little is tested")
	}
}
