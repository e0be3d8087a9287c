package export

import (
	"fmt"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/netlist"
)

// Record is one injection as a row of a table. Cycles count from the start of its
// inference.
type Record struct {
	Injection int64  `parquet:"injection"`
	Round     int32  `parquet:"round"`
	Input     int32  `parquet:"input"`
	Site      string `parquet:"site,dict"`
	SiteID    int64  `parquet:"site_id"`
	Block     string `parquet:"block,dict"`
	Class     string `parquet:"class,dict"`
	Register  string `parquet:"register,dict"`
	Element   int32  `parquet:"element"`
	Bit       int32  `parquet:"bit"`
	Cycle     int64  `parquet:"cycle"`
	// Operation is that of the NPU under way at the upset.
	Operation int32  `parquet:"operation"`
	Before    int32  `parquet:"before"`
	After     int32  `parquet:"after"`
	Outcome   string `parquet:"outcome,dict"`
	Cause     string `parquet:"cause,dict"`
	Path      string `parquet:"path,dict"`
	Late      bool   `parquet:"late"`
	End       int64  `parquet:"end"`
	// Latency is that of an alarm, a stop or the watchdog, null where there was none.
	Latency *int64 `parquet:"latency,optional"`
	// Mechanism raised the alarm, null where none did.
	Mechanism *string `parquet:"mechanism,optional"`
	// Output is the beginning of the SHA-256 of the output, null where there was none.
	Output *string `parquet:"output,optional"`
}

// units of the columns; others are numbers without a unit, or names.
var units = map[string]string{"cycle": "cycles", "end": "cycles", "latency": "cycles", "before": "bit", "after": "bit"}

// Records makes the rows of a campaign of the plain machine. The table must be that of its
// sites.
func Records(s *campaign.Stored, t *netlist.Table, yield func(Record) error) error {
	for k := range s.Records {
		r := &s.Records[k]
		p, err := t.Place(r.Site.ID)
		if err != nil {
			return fmt.Errorf("record %d: %w", s.Index[k], err)
		}
		x := Record{
			Injection: int64(s.Index[k]), Round: int32(s.Round(s.Index[k])), Input: int32(r.Input),
			Site: t.Name(r.Site.ID), SiteID: int64(r.Site.ID), Block: p.Register.Block, Class: p.Register.Class.String(),
			Register: p.Register.Name, Element: int32(p.Element), Bit: int32(p.Bit), Cycle: int64(r.Site.Cycle), Operation: int32(r.Op),
			Before: int32(r.Before), After: int32(r.After), Outcome: r.Outcome.String(), Cause: r.Cause.String(), Path: r.Path.String(),
			Late: r.Late, End: int64(r.End),
		}
		if p.Register.IsSRAM() {
			x.Class = "sram"
		}
		if n, ok := r.Latency(); ok {
			v := int64(n)
			x.Latency = &v
		}
		if r.Alarm != 0 {
			v := mechanism.Kind(r.Alarm).String()
			x.Mechanism = &v
		}
		if r.Output != 0 {
			v := fmt.Sprintf("%016x", r.Output)
			x.Output = &v
		}
		if err := yield(x); err != nil {
			return err
		}
	}
	return nil
}

// batch is the number of rows that are written at once (our choice).
const batch = 4096

// WriteRecords writes the records of a campaign as Parquet. Metadata of the file name the
// campaign, its digests and the unit of each column that has one, as unit.<column>.
func WriteRecords(w io.Writer, s *campaign.Stored, t *netlist.Table) error {
	meta := map[string]string{
		"model": s.Spec.Model, "npu": s.Spec.NPU, "seed": strconv.FormatUint(s.Spec.Seed, 10), "spec_digest": s.Spec.Digest(),
		"result_digest": s.ResultDigest(), "complete": strconv.FormatBool(s.Complete), "cycles_per_inference": strconv.FormatUint(s.Frame.Cycles, 10),
		"classification": strconv.Itoa(faults.Classification), "sampling": s.Spec.Sampling,
	}
	options := []parquet.WriterOption{parquet.Compression(&parquet.Zstd)}
	for k, v := range meta {
		options = append(options, parquet.KeyValueMetadata(k, v))
	}
	for k, v := range units {
		options = append(options, parquet.KeyValueMetadata("unit."+k, v))
	}
	out := parquet.NewGenericWriter[Record](w, options...)
	rows := make([]Record, 0, batch)
	flush := func() error {
		_, err := out.Write(rows)
		rows = rows[:0]
		return err
	}
	err := Records(s, t, func(r Record) error {
		if rows = append(rows, r); len(rows) == cap(rows) {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	return out.Close()
}
