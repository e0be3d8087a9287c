package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"

	"upset/faults/audit"
	"upset/faults/campaign"
	"upset/stats/report"
)

// writeRecords puts the records of the study's campaigns into one archive: a release file,
// from which anybody makes their figures again, with other rates or targets, without
// injecting anything. Models and inputs are not in it, only their digests. Campaigns that the
// folder does not have are an error: an archive of a part would look whole.
func writeRecords(name, dir string) error {
	if dir == "" {
		return errors.New("-records takes the campaigns from the folder of -work")
	}
	var entries []audit.Entry
	for _, n := range networks {
		for _, c := range configurations {
			folder := n.name + "-" + c
			s, err := campaign.Load(filepath.Join(dir, folder))
			if err != nil {
				return err
			}
			if !s.Complete {
				return fmt.Errorf("the campaign in %s is not complete", filepath.Join(dir, folder))
			}
			for _, file := range []string{campaign.LogName, "campaign.json"} {
				entries = append(entries, audit.Entry{Path: folder + "/" + file, Name: filepath.Join(dir, folder, file)})
			}
		}
	}
	tool := "upset"
	if b, ok := debug.ReadBuildInfo(); ok {
		tool += " " + b.Main.Version
	}
	return report.WriteFileAtomic(name, func(w io.Writer) error {
		return audit.Write(w, audit.Manifest{Tool: tool, DigestsOnly: true}, entries)
	})
}
