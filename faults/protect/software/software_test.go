package software

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"upset/faults/campaign"
	"upset/faults/protect"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
	"upset/stats/result"
)

// The combinations are different, can be written and read, and rise in time.
func TestCombinations(t *testing.T) {
	list := Combinations(16, true)
	if want := 3 * 3 * 4; len(list) != want {
		t.Errorf("%d combinations, want %d", len(list), want)
	}
	seen := map[string]bool{}
	for i, m := range list {
		name := Name(m)
		if got, err := Parse(name); err != nil || got != m || seen[name] {
			t.Errorf("%s: read as %+v, %v; seen before: %v", name, got, err, seen[name])
		}
		seen[name] = true
		if i > 0 && predicted(m, 16) < predicted(list[i-1], 16) {
			t.Errorf("%s comes behind a slower one", name)
		}
	}
	if Name(list[0]) != none || slices.ContainsFunc(Combinations(4, false), func(m network.Measures) bool { return m.Retry || m.KnownAnswer > 4 }) {
		t.Errorf("first %s; or a distance that no sequence of 4 has", Name(list[0]))
	}
	for _, bad := range []string{"", "moved", "twice+", "known", "known0", "known-1", "known999", "thrice", "twice,reset"} {
		if m, err := Parse(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, m)
		}
	}
}

// hello is a bench of a small public network.
func hello(t *testing.T) *Bench {
	t.Helper()
	root := filepath.Join("..", "..", "..", "..", "shared")
	if _, absent := os.Stat(root); os.IsNotExist(absent) {
		t.Skip("the data folder ../shared is absent")
	}
	data, err := os.ReadFile(filepath.Join(root, "models", "hello_world_int8.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, isa.U55x32)
	if err != nil {
		t.Fatal(err)
	}
	b := &Bench{Network: n, Frames: 2, Inputs: [][]byte{{3, 200}, {90, 17}}, Fresh: [][]byte{{54, 120}, {250, 77}}}
	b.Spec.Model, b.Spec.Confidence, b.Options.ECC = "hello_world_int8", 0.95, npu.ECCSECDED
	return b
}

// The figures are those of the campaign itself.
func TestFiguresAreTheCampaigns(t *testing.T) {
	b := hello(t)
	p, err := b.program(network.Measures{Twice: true})
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.engine(context.Background(), p, false)
	if err != nil {
		t.Fatal(err)
	}
	spec := b.Spec
	spec.Seed, spec.Injections, spec.Sampling = 3, 400, campaign.SamplingAdaptive
	q := campaign.Question{Question: stats.Question{}.Normal(0.95)}
	c, err := campaign.Run(context.Background(), e, spec, t.TempDir(), campaign.RunOptions{Question: q})
	if err != nil {
		t.Fatal(err)
	}
	f := newFigures(c, spec.For(e), q)
	j, err := f.at(0.95)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name      string
		got, want result.Limits
	}{{"FIT", limits(j.fit), c.FIT.Violating}, {"SPFM", limits(j.spfm), c.SPFM.Any}} {
		if math.Abs(x.got.Estimate-x.want.Estimate)+math.Abs(x.got.Lower-x.want.Lower)+math.Abs(x.got.Upper-x.want.Upper) > 1e-9 {
			t.Errorf("%s: %+v, the campaign has %+v", x.name, x.got, x.want)
		}
	}
	if c.Outcomes.Detected == 0 || j.due.Estimate <= c.FIT.DUE.Estimate {
		t.Errorf("outcomes %+v: the host finds nothing, or what it finds is not reported", c.Outcomes)
	}
}

// few are the combinations of the tests below.
var few = []network.Measures{{}, {Twice: true}, {Reset: true, Twice: true, KnownAnswer: 1}}

// searchFew runs a search with few injections.
func searchFew(t *testing.T, b *Bench, dir string) *result.Software {
	t.Helper()
	o := Options{Injections: 1000, Seed: 1, Dir: dir, Measures: few}
	o.Question.Target, _ = stats.ASILByName("asil-c")
	r, err := Run(context.Background(), b, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A combination is found and proven, and the same search gives the same again.
func TestSearchProves(t *testing.T) {
	b, dir := hello(t), t.TempDir()
	r := searchFew(t, b, dir)
	if !r.Meets || r.Chosen == none || !r.Proof.Holds || len(r.Proof.Ledger) == 0 || r.Time < 1.9 || r.Energy < 1.9 {
		t.Errorf("%s: %s, time %v, energy %v, proof %+v", r.Chosen, r.Statement, r.Time, r.Energy, r.Proof)
	}
	if c := r.Combinations[0]; c.Measures != none || c.Time != 1 || c.Energy != 1 || c.Outcomes.Detected != 0 {
		t.Errorf("without measures: %+v", c)
	}
	again := searchFew(t, b, dir)
	if again.Chosen != r.Chosen || len(again.Proof.Ledger) != len(r.Proof.Ledger) || again.Proof.Attempts[0].ResultDigest != r.Proof.Attempts[0].ResultDigest {
		t.Errorf("again: %s by %+v", again.Chosen, again.Proof)
	}
}

// A folder in which the same question was answered by another design before, by another
// build, gives a new proof its own place and so a stricter confidence.
func TestProofsShareTheirError(t *testing.T) {
	s := &search{question: "q"}
	var err error
	if s.ledger, err = protect.OpenLedger(nil, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		question, design string
		number           int
	}{{"p", twice, 1}, {"q", reset, 2}, {"q", twice, 3}, {"q", reset, 2}} {
		s.question = p.question
		number, attempt := s.entry(p.design)
		if number != p.number {
			t.Errorf("proof of %s: number %d, want %d", p.design, number, p.number)
		}
		err := s.ledger.Begin(result.LedgerProof{Question: p.question, Attempt: attempt, Design: p.design, Seed: proofSeed("base", p.design, number)})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.ledger.Proofs()); n != 3 {
		t.Errorf("%d proofs in the ledger, want 3", n)
	}
}

// Measures that run twice and compare nothing are not shown to be enough: each
// combination is simulated, none is booked by what it should do.
func TestPlantedMeasureIsNotMet(t *testing.T) {
	b := hello(t)
	b.Guard = func(frames int, m network.Measures, _ []byte) (*network.Program, error) {
		return b.Network.Guarded(frames, network.Measures{}, nil)
	}
	r := searchFew(t, b, t.TempDir())
	if r.Meets || r.Verdict == stats.Met || r.Proof.Holds {
		t.Errorf("met by %s: %s", r.Chosen, r.Statement)
	}
	for _, c := range r.Combinations {
		if c.Outcomes.Detected != 0 || c.Result == stats.Met {
			t.Errorf("%s: %+v", c.Measures, c)
		}
	}
}

// What cannot be done is listed with its reason.
func TestImpossibleMeasures(t *testing.T) {
	b := hello(t)
	o := Options{Injections: 200, Seed: 1, Dir: t.TempDir(), Measures: []network.Measures{{Moved: true}, {}}}
	r, err := Run(context.Background(), b, o)
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Combinations[0]; c.Stage != impossible || c.Reason == "" {
		t.Errorf("%+v", c)
	}
}
