package campaign

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"upset/faults"
)

// tinyLog is a complete log of few bytes, made in memory: the smaller the seed, the more
// a fuzzer gets through.
func tinyLog(tb testing.TB) []byte {
	tb.Helper()
	spec := Spec{NPU: "toy", Model: "toy", InputCount: 1, Table: "toy", Seed: 7, Injections: 9}.normal()
	f := &Frame{NPU: "toy", Cycles: 10, Inputs: 1, Segments: []Segment{{Span: Span{End: 10}}}, Groups: []Group{{Block: "cc", Class: "config", Bits: 8}}}
	if err := f.build(spec); err != nil {
		tb.Fatal(err)
	}
	head, err := json.Marshal(newHeader(spec, "toy", f, nil))
	if err != nil {
		tb.Fatal(err)
	}
	b := appendStart(nil, head)
	var records []faults.Record
	for k, round := range []Round{{0, 5, []int{5}}, {5, 4, []int{4}}} {
		body, err := json.Marshal(round)
		if err != nil {
			tb.Fatal(err)
		}
		b = appendFrame(b, framePlan, body)
		for j, stratum := range round.strata() {
			i := round.Start + j
			d := f.draw(spec.Seed, i, stratum)
			r := faults.Record{Site: faults.Site{ID: 0, Cycle: d.cycle}, Outcome: faults.Outcome((i + k) % 5), End: d.cycle}
			records = append(records, r)
			b = appendRecords(b, []indexed{{i, r}})
		}
	}
	body, err := json.Marshal(ending{len(records), resultDigest(spec.Digest(), records)})
	if err != nil {
		tb.Fatal(err)
	}
	b = appendFrame(b, frameEnd, body)
	if c, err := readBytes(b); err != nil || !c.complete() || len(c.records) != 9 {
		tb.Fatalf("the seed is no complete log: %v", err)
	}
	return b
}

// FuzzReadLog: whatever stands in the file, alone or behind a sound start, reading ends,
// and what is accepted can be turned into a result or is refused without a panic. Seeds
// are short: the fuzzer shortens what is new to it byte by byte, in quadratic time, and
// seeds of some kilobytes leave it no time for anything else.
func FuzzReadLog(f *testing.F) {
	whole := tinyLog(f)
	starts, _ := frameStarts(whole)
	f.Add(whole[starts[2]:starts[4]]) // a plan and a record
	f.Add(whole[starts[2] : starts[4]-7])
	f.Add(appendFrame(nil, frameBuild, []byte(`{}`)))
	f.Add([]byte(logMagic))
	f.Add(appendFrame([]byte(logMagic), frameHeader, []byte(`{"format":1}`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, start := range [][]byte{nil, whole[:starts[2]]} {
			file := append(start[:len(start):len(start)], b...)
			c, err := readBytes(file)
			if err != nil {
				continue
			}
			if c.size > int64(len(file)) || len(c.records)+len(c.spare) > len(b)/recordSize {
				t.Fatalf("%d bytes hold %d bytes of frames and %d records", len(b), c.size, len(c.records))
			}
			if len(c.records) > 0 {
				resultOf(t, c)
			}
		}
	})
}

// FuzzLogDamage: a log from which a stretch is lost or in which it is overwritten gives
// nothing but records that were in it, and says that it is not whole.
func FuzzLogDamage(f *testing.F) {
	whole := tinyLog(f)
	all, err := readBytes(whole)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), uint16(0), []byte{'x'})
	f.Add(uint16(len(whole)/2), uint16(1), []byte{0})
	f.Add(uint16(len(whole)-30), uint16(20), []byte("RRRRRRRRRRRRRRR"))
	f.Add(uint16(len(logMagic)+5), uint16(40), []byte{})
	f.Fuzz(func(t *testing.T, at, cut uint16, put []byte) {
		from := int(at) % len(whole)
		to := min(from+int(cut), len(whole))
		b := bytes.Join([][]byte{whole[:from], put, whole[to:]}, nil)
		c, err := readBytes(b)
		if err != nil {
			return
		}
		if !bytes.Equal(b, whole) && c.complete() && !c.torn {
			t.Fatalf("bytes %d to %d became %q and the log still looks whole", from, to, put)
		}
		for _, r := range append(c.records[:len(c.records):len(c.records)], c.spare...) {
			if r != all.records[r.index] {
				t.Fatalf("record %d is %+v, was written as %+v", r.index, r.record, all.records[r.index].record)
			}
		}
		if d := c.damage(); d != nil && (d.Missing < 0 || d.Missing > 9 || d.String() == "") {
			t.Fatalf("damage %+v", d)
		}
	})
}

// FuzzLogBody feeds well-framed bodies, so that the fuzzer gets past the check
// sums.
func FuzzLogBody(f *testing.F) {
	c, err := readBytes(tinyLog(f))
	if err != nil {
		f.Fatal(err)
	}
	start := appendStart(nil, c.raw)
	f.Add(byte(framePlan), []byte(`{"start":0,"size":1,"alloc":[1]}`), byte(frameRecords), appendRecord(nil, 0, faults.Record{}))
	f.Add(byte(frameRecords), appendRecord(nil, 0, faults.Record{}), byte(frameEnd), []byte(`{"injections":1}`))
	f.Add(byte(frameBuild), []byte(`{"revision":"1"}`), byte(frameHeader), c.raw)
	f.Fuzz(func(t *testing.T, k1 byte, b1 []byte, k2 byte, b2 []byte) {
		c, err := readBytes(appendFrame(appendFrame(bytes.Clone(start), k1, b1), k2, b2))
		if err == nil {
			resultOf(t, c)
		}
	})
}

// resultOf makes the result of a log that was accepted.
func resultOf(t *testing.T, c *contents) {
	t.Helper()
	if _, err := c.stored().Campaign(Question{}); err != nil && !errors.Is(err, ErrCorrupt) {
		t.Fatal(err)
	}
}

// FuzzShard: whatever stands behind the header of a shard's file, or in its place, reading
// ends; what is accepted has the records of the shard, each once, and nothing is both whole
// and another one.
func FuzzShard(f *testing.F) {
	c, err := readBytes(tinyLog(f))
	if err != nil {
		f.Fatal(err)
	}
	c.header.Cut = &Cut{Shards: 2}
	c.rounds = c.rounds[:1]
	j := newJob("", c)
	s := &shardRun{job: j, shard: j.shard(1), have: map[int]faults.Record{}}
	for _, r := range c.records {
		if s.shard.has(j.round(), r.index) {
			s.have[r.index] = r.record
		}
	}
	start, err := s.start()
	if err != nil {
		f.Fatal(err)
	}
	list := s.sorted()
	body, err := json.Marshal(shardEnd{len(list), shardDigest(j.head.SpecDigest, list)})
	if err != nil {
		f.Fatal(err)
	}
	rest := appendFrame(appendRecords(nil, list), frameEnd, body)
	whole, err := parseShard(bytes.NewReader(append(bytes.Clone(start), rest...)))
	if err != nil || whole.complete(j) != nil || len(list) == 0 {
		f.Fatalf("the seed is no whole shard: %v, %v", err, whole.complete(j))
	}
	f.Add(true, rest)
	f.Add(true, rest[:len(rest)-3])
	f.Add(true, append(bytes.Clone(rest), rest...))
	f.Add(true, appendRecords(nil, list[:1]))
	f.Add(false, start[:len(shardMagic)+9])
	f.Fuzz(func(t *testing.T, headed bool, b []byte) {
		if headed {
			b = append(bytes.Clone(start), b...)
		}
		s, err := parseShard(bytes.NewReader(b))
		if err != nil {
			if !errors.Is(err, ErrShardDamaged) {
				t.Fatal(err)
			}
			return
		}
		if len(s.records) > len(b)/recordSize {
			t.Fatalf("%d bytes hold %d records", len(b), len(s.records))
		}
		if j.accepts(s.head) != nil || s.head.Shard != j.shard(1) || s.complete(j) != nil {
			return
		}
		for i, r := range s.records {
			if r.index != list[i].index || !r.record.Same(list[i].record) {
				t.Fatalf("a whole shard has record %d as %+v", r.index, r.record)
			}
		}
	})
}
