package main

import (
	"strings"
	"testing"

	"upset/faults/logic"
	"upset/faults/provenance"
)

// What is kept beside a later measurement keeps its revision, and the page says so; blocks stand in
// one order however they were measured.
func TestKeptBlocksKeepTheirRevision(t *testing.T) {
	block := func(name, npu string) *logic.Measured {
		return &logic.Measured{Block: name, NPU: npu, Gates: 2, Faults: 4, Sampled: 4}
	}
	r := &record{Made: provenance.Made{Revision: "aa"}, Blocks: []*logic.Measured{block("mac_array", "u55-32"), block("traversal", "u55-128")}}
	r.remake(provenance.Made{Revision: "bb"})
	r.Blocks = append(r.Blocks, block("output_stage", "u55-32"), block("mac_array", "u55-128"), block("traversal", "u55-32"))
	r.sort()
	var got []string
	for _, m := range r.Blocks {
		got = append(got, m.Block+" "+m.NPU+" "+m.Revision)
	}
	want := "traversal u55-32 ,traversal u55-128 aa,mac_array u55-32 aa,mac_array u55-128 ,output_stage u55-32 "
	if s := strings.Join(got, ","); s != want || r.Revision != "bb" {
		t.Errorf("%s\nwant %s", s, want)
	}
	page, err := logic.Page(r.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page, "\nMeasured at other revisions than the one above: traversal on u55-128 at aa, mac_array on u55-32 at aa.\n") {
		t.Error(page)
	}
	r.remake(provenance.Made{Revision: "aa"})
	if m := r.Blocks[1]; m.Revision != "" || r.Blocks[0].Revision != "bb" {
		t.Errorf("%+v, %+v", m, r.Blocks[0])
	}
	r.Blocks = r.Blocks[1:3]
	if page, err = logic.Page(r.Blocks); err != nil || strings.Contains(page, "other revisions") {
		t.Errorf("%v\n%s", err, page)
	}
}
