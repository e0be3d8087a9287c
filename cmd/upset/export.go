package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/faults/export"
	"upset/netlist"
	"upset/npu/isa"
	"upset/stats/report"
	"upset/stats/result"
)

// Names of the files of upset export.
const (
	recordsFile  = "records.parquet"
	workbookFile = "safety.xlsx"
)

// exportCommand is upset export.
func exportCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "records as Parquet, and a workbook for the safety file",
		ArgsUsage: "CAMPAIGN",
		Description: `Writes two files for the tools of others, into the campaign's folder or --out:
records.parquet has a row for every injection, typed, with units in its metadata;
safety.xlsx has sheets for the safety file: FMEDA with the effect of each mode at the
boundary of the IP, the protection that was judged, records by register, dependent
failures and assumptions of use. One of its sheets is to be filled in: with your own
failure modes and diagnostic points, which upset report --failure-modes reads.

Examples:
  upset export upset-out/fashion-tiny-u55-128-1a2b3c4d
  upset export run1 --scenario li --budget 10 --out safety-file
  upset report run1 --failure-modes safety-file/safety.xlsx`,
		Flags: commonFlags(append(questionFlags(), pulseFlag())...),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "CAMPAIGN")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			q, err := readQuestion(c)
			if err != nil {
				return err
			}
			return p.export(o, q, args[0])
		},
	}
}

// exported says what was written.
type exported struct {
	Records  string `json:"records"`
	Workbook string `json:"workbook"`
	Rows     int    `json:"rows"`
	// Protection says that the workbook has the protection of an assessment.
	Protection bool `json:"protection"`
}

// export performs upset export.
func (p *program) export(o common, q campaign.Question, dir string) error {
	s, r, err := loadCampaign(dir, q)
	if err != nil {
		return err
	}
	t, err := tableOf(s.Spec)
	if err != nil {
		return folderError(dir, err)
	}
	book := export.Safety{Campaign: r, Tool: build()}
	if book.Registers, err = export.Registers(s, t); err != nil {
		return folderError(dir, err)
	}
	if book.Protect, err = assessed(dir, r.ResultDigest); err != nil {
		return err
	}
	if o.out != "" {
		if err := makeFolder(o.out); err != nil {
			return err
		}
		dir = o.out
	}
	out := exported{Records: filepath.Join(dir, recordsFile), Workbook: filepath.Join(dir, workbookFile), Rows: len(s.Records), Protection: book.Protect != nil}
	if err := report.WriteFileAtomic(out.Records, func(w io.Writer) error { return export.WriteRecords(w, s, t) }); err != nil {
		return err
	}
	if err := report.WriteFileAtomic(out.Workbook, func(w io.Writer) error { return export.WriteWorkbook(w, book) }); err != nil {
		return err
	}
	if o.format == report.FormatJSON {
		return report.EncodeJSON(p.stdout, out)
	}
	note := "no protection was judged in this folder"
	if out.Protection {
		note = "with the protection of the assessment"
	}
	_, err = fmt.Fprintf(p.stdout, "%s   %d records\n%s       %s\n", out.Records, out.Rows, out.Workbook, note)
	return err
}

// tableOf is the table of sites of a campaign on the plain machine.
func tableOf(s campaign.Spec) (*netlist.Table, error) {
	config, err := isa.ParseConfig(s.NPU)
	if err != nil {
		return nil, err
	}
	ecc, ok := eccNames[s.ECC]
	if !ok {
		return nil, fmt.Errorf("a code of the RAM %q that this version does not know", s.ECC)
	}
	return netlist.New(config, ecc), nil
}

// assessed is the protection of the assessment in a folder, nil where there is none or it
// is of other records.
func assessed(dir, digest string) (*result.Protect, error) {
	data, err := os.ReadFile(filepath.Join(dir, "assess.json"))
	if err != nil {
		return nil, nil
	}
	var a result.Assess
	if err := json.Unmarshal(data, &a); err != nil {
		return nil, bad(fmt.Errorf("%s: %w", filepath.Join(dir, "assess.json"), err))
	}
	if a.Campaign.ResultDigest != digest {
		return nil, nil
	}
	return &a.Protect, nil
}
