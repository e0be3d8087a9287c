package export

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/xuri/excelize/v2"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/models/nettest"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// small is a campaign on the smallest network, with its table and result.
func small(t *testing.T) (*campaign.Stored, *netlist.Table, *result.Campaign) {
	t.Helper()
	e, err := engine.New(nettest.Shipped(t, "fashion-nano", isa.U55x32), nettest.Inputs(t, "fashion-nano", 2), faults.Options{ECC: npu.ECCSECDED}, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := campaign.Run(context.Background(), e, campaign.Spec{Model: "=fashion-nano", Seed: 3, Injections: 4000}, dir, campaign.RunOptions{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	s, err := campaign.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Campaign(campaign.Question{})
	if err != nil {
		t.Fatal(err)
	}
	return s, e.Table(), r
}

// Another implementation reads the records back, each value and every unit.
func TestRecordsReadBack(t *testing.T) {
	s, table, _ := small(t)
	var b bytes.Buffer
	if err := WriteRecords(&b, s, table); err != nil {
		t.Fatal(err)
	}
	pf, err := file.NewParquetReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer pf.Close()
	meta := pf.MetaData().KeyValueMetadata()
	for key, want := range map[string]string{"unit.cycle": "cycles", "unit.latency": "cycles", "result_digest": s.ResultDigest(), "npu": "u55-32"} {
		if got := meta.FindValue(key); got == nil || *got != want {
			t.Errorf("metadata %s: %v, want %s", key, got, want)
		}
	}
	ar, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	read, err := ar.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer read.Release()
	if int(read.NumRows()) != len(s.Records) {
		t.Fatalf("%d rows, want %d", read.NumRows(), len(s.Records))
	}
	tr := array.NewTableReader(read, 1<<20)
	defer tr.Release()
	if !tr.Next() {
		t.Fatal("no rows")
	}
	rec := tr.RecordBatch()
	column := func(name string) int { return rec.Schema().FieldIndices(name)[0] }
	var want []Record
	if err := Records(s, table, func(r Record) error { want = append(want, r); return nil }); err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]int{}
	for i, w := range want {
		text := func(name string) string { return rec.Column(column(name)).ValueStr(i) }
		for name, v := range map[string]string{"site": w.Site, "block": w.Block, "class": w.Class, "outcome": w.Outcome, "cause": w.Cause, "register": w.Register} {
			if got := text(name); got != v {
				t.Fatalf("row %d, %s: %q, want %q", i, name, got, v)
			}
		}
		if got := rec.Column(column("cycle")).(*array.Int64).Value(i); got != w.Cycle {
			t.Fatalf("row %d: cycle %d, want %d", i, got, w.Cycle)
		}
		if null := rec.Column(column("latency")).IsNull(i); null != (w.Latency == nil) {
			t.Fatalf("row %d: latency is null: %t", i, null)
		}
		outcomes[w.Outcome]++
	}
	if len(outcomes) < 3 {
		t.Errorf("only %v: the rows show little", outcomes)
	}
}

// workbook writes the workbook of the small campaign.
func workbook(t *testing.T) (*campaign.Stored, *result.Campaign, []byte) {
	t.Helper()
	s, table, r := small(t)
	list, err := Registers(s, table)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteWorkbook(&b, Safety{Campaign: r, Registers: list, Tool: "test"}); err != nil {
		t.Fatal(err)
	}
	return s, r, b.Bytes()
}

// Every sheet is there, rates of a part add up to its raw rate, and no name becomes a
// formula.
func TestWorkbook(t *testing.T) {
	s, r, data := workbook(t)
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range []string{sheetSummary, sheetFMEDA, sheetModes, sheetProtection, sheetSites, sheetDependent, sheetAssumptions} {
		rows, err := f.GetRows(name)
		if err != nil || len(rows) < 1 {
			t.Errorf("sheet %s: %d rows, %v", name, len(rows), err)
		}
		for i, row := range rows {
			for k := range row {
				cell, _ := excelize.CoordinatesToCellName(k+1, i+1)
				if formula, err := f.GetCellFormula(name, cell); err != nil || formula != "" {
					t.Errorf("%s!%s is a formula: %q, %v", name, cell, formula, err)
				}
			}
		}
	}
	if v, err := f.GetCellValue(sheetSummary, "B3"); err != nil || v != "=fashion-nano" {
		t.Errorf("the name of the network is %q, %v", v, err)
	}
	n := 0
	rows, err := f.GetRows(sheetSites)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[3:] {
		if len(row) > 4 {
			k := 0
			for _, c := range row[4] {
				k = 10*k + int(c-'0')
			}
			n += k
		}
	}
	if n != len(s.Records) {
		t.Errorf("the sheet of sites counts %d injections, want %d", n, len(s.Records))
	}
	if fmedaRows, err := f.GetRows(sheetFMEDA); err != nil || len(fmedaRows) != len(r.FMEDA)+3 {
		t.Errorf("%d rows of the FMEDA, want %d and 3 above", len(fmedaRows), len(r.FMEDA))
	}
}

// filled is the workbook with a user's failure modes in its sheet.
func filled(t *testing.T, data []byte, fill func(i int, mode string) (group, point string)) string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(sheetModes)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3; i < len(rows); i++ {
		group, point := fill(i, rows[i][2])
		for k, v := range []string{group, point} {
			cell, _ := excelize.CoordinatesToCellName(5+k, i+1)
			if err := f.SetCellStr(sheetModes, cell, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	name := filepath.Join(t.TempDir(), "filled.xlsx")
	if err := f.SaveAs(name); err != nil {
		t.Fatal(err)
	}
	return name
}

// Rates by the user's modes add up to those of the campaign; a sheet of another campaign,
// or one with holes, is refused.
func TestFailureModesComeBack(t *testing.T) {
	_, r, data := workbook(t)
	name := filled(t, data, func(_ int, mode string) (string, string) {
		switch {
		case strings.HasPrefix(mode, "wrong output"):
			return "FM1 wrong data", ""
		case mode == "no effect" || mode == "corrected":
			return "safe", ""
		}
		return "FM2 no data", "DP1 status"
	})
	labels, err := ReadModes(name)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := campaign.GroupModes(r, labels)
	if err != nil {
		t.Fatal(err)
	}
	injections, sum, raw := 0, 0.0, 0.0
	for _, g := range groups {
		injections += g.Injections
		sum += g.Lambda.Estimate
		if g.Lambda.Upper < g.Lambda.Estimate || g.Lambda.Lower > g.Lambda.Estimate || g.Violating.Estimate > g.Lambda.Estimate*(1+1e-9) {
			t.Errorf("%+v", g)
		}
	}
	want := 0.0
	seen := map[string]bool{}
	for _, x := range r.FMEDA {
		if want += x.Lambda.Estimate; !seen[x.Block+x.Class] {
			seen[x.Block+x.Class] = true
			raw += x.LambdaRaw
		}
	}
	if len(groups) != 3 || injections == 0 || sum < want*0.999 || sum > want*1.001 || sum > raw*1.001 {
		t.Errorf("%d groups, %d injections, %g FIT in groups, %g in rows, %g raw", len(groups), injections, sum, want, raw)
	}
	holes := filled(t, data, func(i int, _ string) (string, string) {
		if i == 5 {
			return "", ""
		}
		return "FM", ""
	})
	labels, err = ReadModes(holes)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := campaign.GroupModes(r, labels); !errors.Is(err, campaign.ErrLabels) {
		t.Errorf("a row without a mode: %v", err)
	}
	other := *r
	other.FMEDA = other.FMEDA[1:]
	if labels, err = ReadModes(name); err != nil {
		t.Fatal(err)
	}
	if _, err := campaign.GroupModes(&other, labels); !errors.Is(err, campaign.ErrLabels) {
		t.Errorf("the sheet of another campaign: %v", err)
	}
}

// Hostile workbooks end with an error, not with a panic or much memory.
func FuzzReadModes(f *testing.F) {
	book := excelize.NewFile()
	_, _ = book.NewSheet(sheetModes)
	for i, v := range []string{"part", "class", "failure mode", columnGroup, columnPoint} {
		cell, _ := excelize.CoordinatesToCellName(i+1, 1)
		_ = book.SetCellStr(sheetModes, cell, v)
		cell, _ = excelize.CoordinatesToCellName(i+1, 2)
		_ = book.SetCellStr(sheetModes, cell, v)
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if list, err := readModes(bytes.NewReader(data)); err == nil && len(list) == 0 {
			t.Error("no rows, no error")
		}
	})
}
