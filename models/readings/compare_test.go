package readings

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// brickMap is an output in bricks of 16 channels, rowMap one without them.
func brickMap(h, w, d, bytes int) *isa.Decoded {
	x := rowMap(h, w, d, bytes)
	x.OFM.Brick = true
	return x
}

func rowMap(h, w, d, bytes int) *isa.Decoded {
	f := isa.FeatureMap{Width0: w, Height0: h, Height1: h, StrideX: uint32(d * bytes), StrideY: uint32(w * d * bytes), StrideC: uint32(16 * w * bytes), Bytes: bytes}
	return &isa.Decoded{OFMH: h, OFMW: w, OFMD: d, OFM: f}
}

// The beats of an output: full beats at least; whole bricks, or the words that each
// pixel touches, at most.
func TestWrittenRange(t *testing.T) {
	for _, x := range []struct {
		name        string
		d           *isa.Decoded
		least, most int64
	}{
		{"whole bricks", brickMap(4, 4, 16, 1), 32, 32},
		{"half a brick", brickMap(32, 32, 8, 1), 1024, 2048},
		{"a brick and a half", brickMap(5, 5, 24, 1), 75, 100},
		{"16 bits", brickMap(1, 3, 4, 2), 3, 12},
		{"pixels of 12 bytes, the next begins within a beat", rowMap(1, 2, 12, 1), 3, 4},
		{"pixels of one byte", rowMap(4, 4, 1, 1), 2, 16},
		{"two chunks", rowMap(1, 1, 20, 1), 3, 3},
		{"deep pixels", rowMap(2, 2, 32, 1), 16, 16},
	} {
		if least, most := writtenRange(x.d); least != x.least || most != x.most {
			t.Errorf("%s: %d to %d beats, want %d to %d", x.name, least, most, x.least, x.most)
		}
	}
}

// eventsOf sets some events.
func eventsOf(active, read0, read1, written uint64) *[npu.NumEvents]uint64 {
	return &[npu.NumEvents]uint64{npu.EvActive: active, npu.EvAXIReadBeat: read0, npu.EvAXIReadBeat1: read1, npu.EvAXIWriteBeat: written}
}

// A reading whose beats and cycles lie above ours: the operation that writes half bricks
// comes first, then the one that waits for weights; one that can do nothing is last.
func TestCompare(t *testing.T) {
	operations := []Operation{
		{Index: 0, Name: "full", Kind: "conv", Cycles: 5000, Read: [2]int64{100, 10}, Written: [2]int64{32, 0}, Decoded: brickMap(4, 4, 16, 1)},
		{Index: 1, Name: "weights", Kind: "conv", Cycles: 800, Read: [2]int64{10, 100}, Written: [2]int64{2, 0}, Busy: 790, Calm: 700, Decoded: rowMap(1, 1, 16, 1)},
		{Index: 2, Name: "half", Kind: "depthwise", Cycles: 3000, Read: [2]int64{90, 0}, Written: [2]int64{1024, 0}, Decoded: brickMap(32, 32, 8, 1)},
		{Index: 3, Name: "pool", Kind: "maxpool", Cycles: 50, Calm: 5, Written: [2]int64{2, 0}, Decoded: rowMap(4, 4, 1, 1)},
		{Index: 4, Name: "copy", Kind: "dma", Cycles: 0, Written: [2]int64{50, 0}},
	}
	r := &Reading{Name: "board", ReadBy: Board, Counters: map[string]Count{
		"npu_active": 10200, "npu_idle": 60, "cycle": 10260, "axi0_rd_data_beat_received": 200, "axi1_rd_data_beat_received": 110,
		"axi0_wr_data_beat_written": 2134, "axi_latency_any": 7,
	}}
	got := Compare(r, eventsOf(9000, 200, 110, 1110), operations)

	names := map[string]result.Counter{}
	for _, c := range got.Counters {
		names[c.Name] = c
	}
	if len(names) != 7 || names["npu_idle"].Ours != nil || names["axi_latency_any"].Ours != nil || names["npu_idle"].Ratio != nil {
		t.Errorf("counters %+v", got.Counters)
	}
	if c := names["npu_active"]; *c.Ours != 9000 || *c.Ratio != 9000.0/10200 || c.Differs {
		t.Errorf("active cycles %+v", c)
	}
	if c := names["axi0_wr_data_beat_written"]; *c.Ours != 1110 || !c.Differs {
		t.Errorf("written beats %+v", c)
	}
	if names["axi0_rd_data_beat_received"].Differs || names["axi1_rd_data_beat_received"].Differs {
		t.Errorf("equal beats differ: %+v", got.Counters)
	}

	want := map[string][2]int64{ // operations, at most
		partialWrites: {2, 1024 + 14}, moreBeats: {2, 1024}, scatteredWrites: {1, 4 * 16}, weightBound: {1, 100}, startUp: {1, 5}, idle: {0, 60},
	}
	for _, e := range got.Explanations {
		if w, ok := want[e.Name]; !ok || int64(e.Operations) != w[0] || e.AtMost != w[1] || e.Meaning == "" {
			t.Errorf("explanation %+v, want %v", e, w)
		}
		delete(want, e.Name)
	}
	if len(want) > 0 {
		t.Errorf("explanations %v are missing", want)
	}

	var order []string
	for _, o := range got.Operations {
		order = append(order, o.Name)
	}
	if !slices.Equal(order, []string{"half", "weights", "pool", "full"}) {
		t.Errorf("operations in the order %v", order)
	}
	first := got.Operations[0]
	if first.Needed["axi0_wr_data_beat_written"] != 1 || first.Needed["npu_active"] != 0.4 || first.Room["axi0_wr_data_beat_written"] != 1024 ||
		!slices.Equal(first.Points, []string{moreBeats, partialWrites}) {
		t.Errorf("first %+v", first)
	}
}

// A reading below ours asks for fewer beats and cycles, and an equal one for nothing.
func TestCompareOtherSigns(t *testing.T) {
	operations := []Operation{{Name: "half", Kind: "conv", Cycles: 1000, Read: [2]int64{0, 100}, Busy: 900, Written: [2]int64{2048, 0}, Decoded: brickMap(32, 32, 8, 1)}}
	less := &Reading{Name: "log", Counters: map[string]Count{"npu_active": 900, "axi0_wr_data_beat_written": 2000}}
	got := Compare(less, eventsOf(1000, 0, 100, 2048), operations)
	if got.ReadBy != Log || len(got.Explanations) != 3 || got.Explanations[0].AtMost != 1024 || got.Explanations[0].Difference != -48 {
		t.Errorf("%+v", got.Explanations)
	}
	if e := got.Explanations[1]; e.Name != moreBeats || e.AtMost != 48 {
		t.Errorf("%+v", e)
	}
	if e := got.Explanations[2]; e.Name != weightBound || !strings.Contains(e.Meaning, "9.00 cycles a beat here") || !strings.Contains(e.Meaning, "8.00 would be") {
		t.Errorf("%+v", e)
	}
	same := &Reading{Name: "log", Counters: map[string]Count{"npu_active": 1000, "axi0_wr_data_beat_written": 2048, "mac_active": 0}}
	got = Compare(same, eventsOf(1000, 0, 100, 2048), operations)
	if len(got.Explanations) != 0 || len(got.Operations) != 0 || got.Explanations == nil || got.Operations == nil {
		t.Errorf("an equal reading: %+v", got)
	}
	if c := got.Counters[1]; c.Name != "mac_active" || c.Ratio != nil || *c.Ours != 0 {
		t.Errorf("a counter of 0: %+v", c)
	}
}

// The page lists boards first, marks beats that differ, and says what it does not show.
func TestWrite(t *testing.T) {
	list, err := Cases(folder)
	if err != nil {
		t.Fatal(err)
	}
	list = list[:2]
	for i := range list {
		c := &list[i]
		c.Run.Operations = []result.RunOperation{{Kind: "conv"}, {Kind: "dma"}, {Kind: "add"}, {Kind: "cpu"}}
		c.Run.Reading = Compare(c.Reading, eventsOf(400_000, 125_388, 17_493, 48_128), []Operation{
			{Name: "x|y", Kind: "conv", Cycles: 9, Written: [2]int64{1024, 0}, Decoded: brickMap(32, 32, 8, 1)},
		})
	}
	list[0].Reading.Network = "a | b <c>"
	slices.Reverse(list)
	var b bytes.Buffer
	if err := Write(&b, list); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"nothing about flops, and nothing about faults", "| board-kws_micronet_m | board | 404,973 | 400,000 | 0.988 | +2,486 | axi0_wr_data_beat_written by +126 |",
		"| axi0_wr_data_beat_written | 48,254 | 48,128 | **0.997** |", `a \| b &lt;c>`, "| axi1_rd_data_beat_received | 17,493 | 17,493 | 1.000 |",
		"What would decide it: ", "<https://gitlab.arm.com/",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Index(page, "| board-") > strings.Index(page, "| fvp-") {
		t.Error("the board does not come first")
	}
	if err := Write(&b, []Case{{Reading: list[0].Reading}}); err == nil {
		t.Error("a case without a comparison is written")
	}
}

func TestGroup(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 12: "+12", 999: "+999", 1000: "+1,000", -1000: "-1,000", -999: "-999", 1234567: "+1,234,567"} {
		if got := sign(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
