package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"

	"upset/faults/campaign"
	"upset/models/readings"
	"upset/npu"
	"upset/stats/result"
)

// pmuNames are the machine's tallies under the names of the PMU's public events. Named
// here is what has no such event, or several.
var pmuNames = func() map[npu.Event]string {
	names := map[npu.Event]string{
		npu.EvActive: "npu_active", npu.EvECC: "ecc_sb", npu.EvCCStarved: "cc_starved",
		npu.EvMACIdle: "mac_idle", npu.EvMACOther: "mac_other", npu.EvAOStalledScale: "ao_stalled_by_scale",
	}
	for _, x := range npu.PublicEvents {
		if e, ok := npu.EventOf(x.Number); ok && names[e] == "" {
			names[e] = x.Name
		}
	}
	return names
}()

// pmu names the machine's tallies.
func pmu(events *[npu.NumEvents]uint64) map[string]int64 {
	m := make(map[string]int64, len(events))
	for e, n := range events {
		m[pmuNames[npu.Event(e)]] = int64(n)
	}
	return m
}

// readReading reads the file of --pmu: a reading in YAML, or a text with counters. It is
// nil without a name.
func readReading(name string) (*readings.Reading, error) {
	if name == "" {
		return nil, nil
	}
	data, err := readFile(name, readings.MaxBytes)
	if err != nil {
		return nil, bad(err)
	}
	var r *readings.Reading
	if ext := strings.ToLower(filepath.Ext(name)); ext == ".yaml" || ext == ".yml" {
		r, err = readings.Parse(data)
	} else {
		r, err = readings.ParseText(campaign.PlainText(filepath.Base(name)), data)
	}
	if err != nil {
		return nil, usage("counters %s: %w", name, err)
	}
	return r, nil
}

// detailed pairs the operations of the NPU with what a comparison needs to know of them.
func (r *inference) detailed() []readings.Operation {
	var list []readings.Operation
	for _, o := range r.operations {
		if o.Kind == "cpu" || len(list) == len(r.details) {
			continue
		}
		d := r.details[len(list)]
		d.Index, d.Name, d.Kind, d.Cycles = o.Index, o.Name, o.Kind, o.Cycles
		list = append(list, d)
	}
	return list
}

// otherRun warns where a reading is of another stream, configuration or system than the
// run. Counters from a log name none of them.
func otherRun(r *readings.Reading, file, config, system string) ([]result.Warning, error) {
	var list []result.Warning
	warn := func(what, theirs, ours, remedy string) {
		if theirs != "" && theirs != ours {
			list = append(list, result.Warning{Code: "other_" + what, Subject: r.Name,
				Message: fmt.Sprintf("the reading is of %s %s, the run of %s: %s", what, theirs, ours, remedy)})
		}
	}
	data, err := readModel(file)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	warn("stream", r.Stream.SHA256, hex.EncodeToString(sum[:]), "run "+r.Stream.File)
	warn("configuration", r.NPU, config, "add --npu "+r.NPU)
	if system == "" {
		system = "default"
	}
	warn("system", r.System, system, "add --system "+r.System)
	return list, nil
}
