package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/faults"
)

// The log names the build and the rules of classification, and those of other versions
// are refused with the command that runs the campaign again.
func TestOtherVersions(t *testing.T) {
	spec := small()
	dir := t.TempDir()
	newToy().must(t, spec, dir, 1)
	name := filepath.Join(dir, LogName)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := readBytes(whole)
	if err != nil || c.header.Classification != faults.Classification || len(c.builds) != 1 || c.copies != 2 {
		t.Fatalf("%+v, %v", c, err)
	}
	starts, _ := frameStarts(whole)
	for _, change := range []func(map[string]any){
		func(h map[string]any) { h["format"] = 1 },
		func(h map[string]any) { h["classification"] = faults.Classification - 1 },
		func(h map[string]any) { delete(h, "classification") },
		func(h map[string]any) {
			h["classification"] = faults.Classification + 1
			h["spec"] = "of another shape"
		},
	} {
		var h map[string]any
		if err := json.Unmarshal(c.raw, &h); err != nil {
			t.Fatal(err)
		}
		change(h)
		h["note"] = map[string]string{"command": "upset campaign run toy.tflite"}
		h["build"] = Build{Revision: "abc"}
		body, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(appendFrame([]byte(logMagic), frameHeader, body), whole[starts[2]:]...), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err = Load(dir)
		if !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "abc") || !strings.HasSuffix(err.Error(), ": upset campaign run toy.tflite") {
			t.Errorf("load: %v", err)
		}
		if _, err := newToy().run(t, context.Background(), spec, dir, 1, nil); !errors.Is(err, ErrVersion) {
			t.Errorf("resume: %v", err)
		}
	}
}

// A campaign goes on under another build, which the log and the result then say.
func TestAnotherBuild(t *testing.T) {
	spec := small()
	want := newToy().must(t, spec, t.TempDir(), 1)
	dir := t.TempDir()
	interrupted(t, spec, dir)
	name := filepath.Join(dir, LogName)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := readBytes(whole)
	if err != nil {
		t.Fatal(err)
	}
	h := c.header
	h.Build = Build{Revision: "abc", Modified: true}
	body, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	starts, _ := frameStarts(whole)
	if err := os.WriteFile(name, append(appendStart(nil, body), whole[starts[2]:]...), 0o666); err != nil {
		t.Fatal(err)
	}
	got := newToy().must(t, spec, dir, 1)
	st, err := Status(dir)
	if err != nil || len(st.Builds) != 2 || st.Builds[0] != h.Build || st.Builds[1] != ThisBuild() {
		t.Errorf("builds %v, %v", st.Builds, err)
	}
	if got.ResultDigest != want.ResultDigest || !strings.Contains(without(t, got), `"code":"several_builds"`) {
		t.Errorf("digest %s, want %s; warnings %v", got.ResultDigest, want.ResultDigest, got.Warnings)
	}
}

// interrupted is a campaign of which some records are stored.
func interrupted(t *testing.T, spec Spec, dir string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m := newToy()
	m.cancel, m.after = cancel, 40
	if _, err := m.run(t, ctx, spec, dir, 1, nil); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
}

// other is a machine that gives another record for some sites.
type other struct {
	*toy
	changed func(faults.Site) bool
}

func (o other) Inject(input int, s faults.Site, g faults.Guard) (faults.Record, error) {
	r, err := o.toy.Inject(input, s, g)
	if o.changed(s) {
		r.End++
	}
	r.Path = faults.PathEnd // the way to a record may be another
	return r, err
}

// A machine that gives other records does not go on with a campaign, and the error names
// the record.
func TestOtherMachineIsRefused(t *testing.T) {
	spec := small()
	resume := func(m other) error {
		dir := t.TempDir()
		interrupted(t, spec, dir)
		r := &runner{spec: spec, frame: m.frame(t, spec), pop: m.toy, options: RunOptions{Workers: 1}, worker: func() (injector, error) { return m, nil }}
		_, err := r.run(context.Background(), dir)
		return err
	}
	if err := resume(other{newToy(), func(faults.Site) bool { return false }}); err != nil {
		t.Errorf("the same machine on another path: %v", err)
	}
	if err := resume(other{newToy(), func(s faults.Site) bool { return s.ID%2 == 0 }}); !errors.Is(err, ErrDiffers) || !strings.Contains(err.Error(), "injection ") {
		t.Errorf("another machine: %v", err)
	}
}

// The records that are compared are spread over all and depend on the seed.
func TestSpotsAreSpread(t *testing.T) {
	list := make([]indexed, 1000)
	for i := range list {
		list[i].index = i
	}
	a, b := spots(1, list), spots(2, list)
	same := 0
	for k := range a {
		if a[k].index/50 != k {
			t.Errorf("spot %d is record %d of 1000", k, a[k].index)
		}
		if a[k] == b[k] {
			same++
		}
	}
	if len(a) != spotChecks || same > 5 || len(spots(1, list[:7])) != 7 || len(spots(1, nil)) != 0 {
		t.Errorf("%d spots, %d the same under another seed", len(a), same)
	}
}

// A repaired campaign must come out at the digest that its end names: a machine that
// differs only where records were lost is found too.
func TestRepairMustMeetTheEnd(t *testing.T) {
	spec := toySpec(nil)
	dir := t.TempDir()
	newToy().must(t, spec, dir, 1)
	whole, err := os.ReadFile(filepath.Join(dir, LogName))
	if err != nil {
		t.Fatal(err)
	}
	starts, kinds := frameStarts(whole)
	for i, at := range starts {
		if kinds[i] != frameRecords {
			continue
		}
		lost, err := parseRecord(whole[at+5 : at+5+recordSize])
		if err != nil {
			t.Fatal(err)
		}
		dir := damagedLog(t, whole, at+7)
		m := other{newToy(), func(s faults.Site) bool { return s == lost.record.Site }}
		r := &runner{spec: spec, frame: m.frame(t, spec), pop: m.toy, options: RunOptions{Workers: 1}, worker: func() (injector, error) { return m, nil }}
		if _, err := r.run(context.Background(), dir); !errors.Is(err, ErrDiffers) || !strings.Contains(err.Error(), "its end named") {
			t.Errorf("%v", err)
		}
		return
	}
}
