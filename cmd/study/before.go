package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"upset/stats/result"
)

// beforeFile holds the figures of an earlier measurement, which docs/area.md sets beside
// those of the last one.
const beforeFile = "docs/study/before.json"

// earlier is what is kept of an assessment.
type earlier struct {
	Network, NPU string
	Flops        int64
	SPFM         result.ViolationLimits
	Verdicts     []result.Verdict // of the default cell
	Full, Paper  earlierDesign
}

// earlierDesign is the cheapest protection of a set of options.
type earlierDesign struct {
	Meets bool
	Area  float64
}

// keep writes the figures of the stored results to beforeFile.
func keep() error {
	s, err := readResults()
	if err != nil {
		return err
	}
	var list []earlier
	for i := range s.Assessments {
		a := &s.Assessments[i]
		x := earlier{Network: a.Network, NPU: a.NPU, Flops: a.Flops, SPFM: a.SPFM, Full: earlierDesign{a.Full.Meets, a.Full.Area}, Paper: earlierDesign{a.Paper.Meets, a.Paper.Area}}
		for _, v := range a.Verdicts {
			if v.Default {
				x.Verdicts = append(x.Verdicts, v)
			}
		}
		list = append(list, x)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n\"revision\": %q,\n\"Assessments\": ", s.Revision)
	if err := lines(&b, list); err != nil {
		return err
	}
	b.WriteString("}\n")
	return os.WriteFile(beforeFile, b.Bytes(), 0o644)
}

// readResults reads the stored results, which must be whole.
func readResults() (*study, error) {
	data, err := os.ReadFile(resultsFile)
	if err != nil {
		return nil, fmt.Errorf("%w: run with -measure first", err)
	}
	s := new(study)
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("%s: %w", resultsFile, err)
	}
	if n := len(networks) * len(configurations); len(s.Assessments) != n {
		return nil, fmt.Errorf("%s has %d assessments of %d: run with -measure", resultsFile, len(s.Assessments), n)
	}
	return s, nil
}
