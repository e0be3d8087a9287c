package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// A campaign is exported, its sheet of failure modes is filled in and comes back.
func TestExportAndBack(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", fewInputs(t), "--injections", "1500", "--out", dir)
	o := mustRun(t, codeDone, "export", dir, "--out", out)
	if !strings.Contains(o.out, "1500 records") || !strings.Contains(o.out, "no protection was judged") {
		t.Errorf("%s", o.out)
	}
	if s, err := os.Stat(filepath.Join(out, recordsFile)); err != nil || s.Size() < 10_000 {
		t.Errorf("%v, %v", s, err)
	}
	name := filepath.Join(out, workbookFile)
	mustRun(t, codeUsage, "report", dir, "--failure-modes", name) // nothing is filled in
	f, err := excelize.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Failure modes")
	if err != nil {
		t.Fatal(err)
	}
	for i := 4; i <= len(rows); i++ {
		cell, _ := excelize.CoordinatesToCellName(5, i)
		if err := f.SetCellStr("Failure modes", cell, "FM7"); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	o = mustRun(t, codeDone, "report", dir, "--failure-modes", name)
	if !strings.Contains(o.out, "FAILURE MODES AT THE BOUNDARY OF THE IP") || !strings.Contains(o.out, "FM7") {
		t.Errorf("%s", o.out)
	}
	mustRun(t, codeUsage, "report", dir, "--failure-modes", tiny)
	mustRun(t, codeUsage, "export", t.TempDir())
}

// A user's list of faults comes back with what upset inject says of each.
func TestInjectList(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "faults.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("\ufeffname,site,input\n=A1,mac.acc[3].17@600,1\nlast,cc.run.0@10,\n\"b,c\",mac.acc[0].2@300,0\n")
	o := mustRun(t, codeDone, "inject", tiny, "--inputs", fewInputs(t), "--sites-file", file)
	rows, err := csv.NewReader(strings.NewReader(o.out)).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v:\n%s", len(rows), err, o.out)
	}
	if strings.Join(rows[0][:4], " ") != "name site input outcome" || rows[1][0] == "=A1" || rows[3][0] != "b,c" {
		t.Errorf("%q", rows)
	}
	single := mustRun(t, codeDone, "inject", tiny, "--inputs", fewInputs(t), "--site", "mac.acc[3].17@600", "--input-index", "1", "--format", "csv")
	if !strings.Contains(single.out, "outcome: "+rows[1][3]+" ("+rows[1][4]+")") {
		t.Errorf("the list says %v, alone it is\n%s", rows[1], single.out)
	}
	for _, text := range []string{"", "x,y\n1,2\n", "site,site\na,b\n", "site\nnone.0@3\n", "site\nmac.acc[3].17@999999999\n", "site,input\nmac.acc[3].17@600,999\n", "site,outcome\na,b\n", "site\n", "site\n\"torn\n"} {
		write(text)
		mustRun(t, codeUsage, "inject", tiny, "--sites-file", file)
	}
	mustRun(t, codeUsage, "inject", tiny, "--sites-file", file, "--site", "mac.acc[3].17@600")
	mustRun(t, codeUsage, "inject", tiny, "--sites-file", filepath.Join(dir, "none.csv"))
}
