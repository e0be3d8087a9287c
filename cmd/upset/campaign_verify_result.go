package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"upset/faults/audit"
	"upset/faults/campaign"
	"upset/stats/report"
	"upset/stats/result"
)

// maxResult bounds a stored result or page (our choice: the largest have some megabytes).
const maxResult = 64 << 20

// Files of an assessment beside those of its campaign.
const (
	assessJSON = "assess.json"
	assessHTML = "assess.html"
	cellsJSON  = "cells.json" // with which mechanisms were simulated
)

// Files that only a pack has.
const (
	reportText  = "report.txt"
	specJSON    = "spec.json"
	sbomJSON    = "sbom.cdx.json"
	machineJSON = "machine.json"
	buildText   = "build.txt"
)

// inFolder is a path of a pack on this system.
func inFolder(dir, path string) string { return filepath.Join(dir, filepath.FromSlash(path)) }

// manifested compares the log with what the manifest of the pack says it is.
func (v *verification) manifested() error {
	if v.pack == nil || v.within != "" && v.pack.SpecDigest == "" && v.pack.ResultDigest == "" {
		return nil // an archive of several campaigns has one manifest for all, without theirs
	}
	if v.pack.SpecDigest != v.out.SpecDigest {
		return fmt.Errorf("the manifest is of a campaign with the spec %.16s, the log has %.16s", v.pack.SpecDigest, v.out.SpecDigest)
	}
	if v.pack.ResultDigest != v.out.ResultDigest {
		return fmt.Errorf("the manifest is of records with the digest %.16s, the log has %.16s", v.pack.ResultDigest, v.out.ResultDigest)
	}
	text, err := readFile(filepath.Join(v.dir, specJSON), maxResult)
	if err != nil {
		return err
	}
	return asJSON(specJSON, text, v.stored.Spec)
}

// asJSON compares a stored file with a value.
func asJSON(name string, text []byte, want any, skip ...string) error {
	now, err := json.Marshal(want)
	if err != nil {
		return err
	}
	_, list, err := audit.Compare(text, now, skip...)
	return differences(name, list, err)
}

// differences is an error that names the first figures that differ.
func differences(name string, list []audit.Difference, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(list) == 0 {
		return nil
	}
	const most = 3
	var words []string
	for _, d := range list[:min(most, len(list))] {
		words = append(words, d.String())
	}
	more := ""
	if n := len(list) - most; n > 0 {
		more = fmt.Sprintf(", and %d more", n)
	}
	return fmt.Errorf("%s: %s%s", name, strings.Join(words, "; "), more)
}

// question reads what the stored verdict answers.
func (v *verification) question() (q campaign.Question, err error) {
	text, err := readFile(filepath.Join(v.dir, questionJSON), maxResult)
	if errors.Is(err, os.ErrNotExist) {
		return q, nil
	}
	if err != nil {
		return q, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		return q, fmt.Errorf("%s: %w", questionJSON, err)
	}
	if err := q.Check(v.stored.Frame.Inputs); err != nil {
		return q, fmt.Errorf("%s: %w", questionJSON, err)
	}
	v.asked = &q
	return q, nil
}

// figures computes the stored result anew from the records alone.
func (v *verification) figures() {
	var stored result.Campaign
	ok := v.check("result", "every figure of "+campaignJSON+", computed anew from the records", func() (int, string, error) {
		q, err := v.question()
		if err != nil {
			return 0, "", err
		}
		if v.now, err = v.stored.Campaign(q); err != nil {
			return 0, "", fmt.Errorf("%s: %w", questionJSON, err)
		}
		v.now.Command, v.now.Accuracy = v.note[noteCommand], notedAccuracy(v.note)
		text, err := readFile(filepath.Join(v.dir, campaignJSON), maxResult)
		if errors.Is(err, os.ErrNotExist) {
			return 0, "", undone("the folder holds no %s", campaignJSON)
		}
		if err != nil {
			return 0, "", err
		}
		var now bytes.Buffer
		if err := report.Write(&now, report.FormatJSON, v.now); err != nil {
			return 0, "", err
		}
		n, list, err := audit.Compare(text, now.Bytes(), "seconds", "rate")
		if len(list) > 0 && v.asked == nil {
			return n, "", undone("the folder holds no %s, and for the question that flags ask by default %v; upset campaign resume with the flags of its question writes it", questionJSON, list[0])
		}
		if err = differences(campaignJSON, list, err); err != nil {
			return n, "", err
		}
		if err := json.Unmarshal(text, &stored); err != nil {
			return n, "", fmt.Errorf("%s: %w", campaignJSON, err)
		}
		return n, "all but times", nil
	})
	if !ok {
		v.left("report", "pages are made from these figures", "the figures are not verified")
		return
	}
	v.check("report", "pages are made from these figures", func() (int, string, error) {
		n, err := v.pages(map[string]string{campaignHTML: report.FormatHTML, reportText: report.FormatText}, stored)
		return n, "byte for byte", err
	})
}

// pages compares stored pages with what a result gives. Those that are not there are left
// out, unless a pack must have them.
func (v *verification) pages(pages map[string]string, r any) (n int, err error) {
	for name, format := range pages {
		text, err := readFile(filepath.Join(v.dir, name), maxResult)
		if errors.Is(err, os.ErrNotExist) && v.pack == nil {
			continue
		}
		if err != nil {
			return n, err
		}
		var now bytes.Buffer
		if err := report.Write(&now, format, r); err != nil {
			return n, err
		}
		if n++; !bytes.Equal(text, now.Bytes()) {
			other := ""
			if b := campaign.ThisBuild(); b != v.stored.Builds[len(v.stored.Builds)-1] {
				other = fmt.Sprintf("; this is build %s, which may print pages otherwise than the one that stored it", b)
			}
			return n, fmt.Errorf("%s is not the page of these figures: %s%s", name, firstOther(text, now.Bytes()), other)
		}
	}
	if n == 0 {
		return 0, undone("the folder holds no page")
	}
	return n, nil
}

// firstOther names the first line in which two texts differ.
func firstOther(stored, now []byte) string {
	a, b := bytes.Split(stored, []byte("\n")), bytes.Split(now, []byte("\n"))
	for i := range min(len(a), len(b)) {
		if !bytes.Equal(a[i], b[i]) {
			return fmt.Sprintf("line %d is %.80q, computed %.80q", i+1, around(a[i], b[i]), around(b[i], a[i]))
		}
	}
	return fmt.Sprintf("it has %d lines, computed %d", len(a), len(b))
}

// around cuts a line to what is near its first difference from another one.
func around(line, other []byte) []byte {
	at := 0
	for at < len(line) && at < len(other) && line[at] == other[at] {
		at++
	}
	return line[max(0, at-20):min(len(line), at+60)]
}

// storedFile reads a file of the folder; nil where it is not there.
func (v *verification) storedFile(name string) ([]byte, error) {
	text, err := readFile(filepath.Join(v.dir, name), maxResult)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// writeJSON writes a value as results are written.
func writeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	err := report.Write(io.Writer(&b), report.FormatJSON, v)
	return b.Bytes(), err
}
