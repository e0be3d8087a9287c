package faults

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"upset/npu/isa"
)

// A criterion from a module judges as the built-in one that it repeats, on the fast
// engine and on the plain machine; what is wrong with a module is refused at once.
func TestGuestCriterion(t *testing.T) {
	file := filepath.Join(t.TempDir(), "example.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", file, "../testdata/guest/go")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c, err := ParseCriterion(file)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParseCriterion(c.String()); err != nil || again.String() != c.String() {
		t.Errorf("%s is not read back: %v", c, err)
	}
	user := engine(t, "fashion-tiny", isa.U55x128, 2, Options{Criterion: c})
	ours := engine(t, "fashion-tiny", isa.U55x128, 2, Options{Criterion: Criterion{Kind: CriterionTop1}})
	a, b, p := worker(t, user), worker(t, ours), worker(t, user)
	rng := rand.New(rand.NewPCG(71, 0))
	flops := flopSites(user.Table())
	critical := 0
	for i := range 3000 {
		s := Site{flops[rng.IntN(len(flops))], rng.Uint64N(user.Cycles())}
		x, err := a.Inject(i&1, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		y, err := b.Inject(i&1, s, nil)
		if err != nil || x != y {
			t.Fatalf("module %+v, top1 %+v: %v", x, y, err)
		}
		if x.Outcome == SDCCritical {
			critical++
		}
		if x.Outcome == SDCCritical || x.Outcome == SDCTolerable {
			if z, err := p.Plain(i&1, s); err != nil || !z.Same(x) {
				t.Fatalf("plain %+v, fast %+v: %v", z, x, err)
			}
		}
	}
	if critical == 0 {
		t.Error("no critical output: too little is tested")
	}
}

func TestGuestCriterionRefuses(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.wasm")
	if err := os.WriteFile(bad, []byte("no module"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{bad: "no WebAssembly module", filepath.Join(dir, "none.wasm"): "none.wasm", bad + "#12": "no WebAssembly module"} {
		if _, err := ParseCriterion(name); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
