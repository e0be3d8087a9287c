package campaign

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Difference is one thing in which two specs differ, as JSON has it.
type Difference struct {
	Key         string // of the spec's JSON
	Stored, Now string // values as JSON; empty where there is none
}

// Differences lists what sets a spec apart from the stored one, by key.
func (s Spec) Differences(now Spec) []Difference {
	a, b := s.fields(), now.fields()
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	var out []Difference
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if string(a[k]) != string(b[k]) {
			out = append(out, Difference{k, string(a[k]), string(b[k])})
		}
	}
	return out
}

// fields are the parts of a spec by key.
func (s Spec) fields() (m map[string]json.RawMessage) {
	text, err := json.Marshal(s.normal())
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return nil // Spec.Check refuses what JSON cannot hold
	}
	return m
}

// describe lists differences for an error; empty without any.
func describe(list []Difference) string {
	if len(list) == 0 {
		return ""
	}
	short := func(s string) string {
		if s == "" {
			return "default"
		}
		return s
	}
	var parts []string
	for _, d := range list {
		parts = append(parts, fmt.Sprintf("%s %s, here %s", d.Key, short(d.Stored), short(d.Now)))
	}
	return ": " + strings.Join(parts, "; ")
}
