package protect

import (
	"strings"
	"testing"

	"upset/faults/mechanism"
)

// TestReadChoices reads both forms and refuses what is none.
func TestReadChoices(t *testing.T) {
	for text, want := range map[string]string{
		`{"choice":[{"block":"mac","mechanism":"duplicate"},{"block":"cc","group":"config","mechanism":"parity"}]}`: "mac:duplicate cc/config:parity",
		`{"campaign":{"x":1},"protect":{"choice":[{"block":"ao","mechanism":"harden"}]}}`:                           "ao:harden",
		"choice:\n- {block: wd, mechanism: weight-crc}\n":                                                           "wd:weight-crc",
	} {
		list, err := ReadChoices(strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for _, c := range list {
			got = append(got, c.String())
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: read as %q, want %q", text, s, want)
		}
	}
	for _, text := range []string{
		"", "{}", "choice: []", "choice: 7", "[", "choice: [{block: cc, mechanism: magic}]", "choice: [{block: cc, group: x, mechanism: parity}]",
		"choice: [" + strings.Repeat("{block: cc, mechanism: parity},", maxChoices+1) + "]",
	} {
		if list, err := ReadChoices(strings.NewReader(text)); err == nil {
			t.Errorf("%.60q is accepted as %v", text, list)
		}
	}
}

// FuzzReadChoices feeds the reader anything.
func FuzzReadChoices(f *testing.F) {
	f.Add("choice: [{block: cc, group: config, mechanism: parity}]")
	f.Add(`{"protect":{"choice":[{"block":"npu","mechanism":"lockstep"}]}}`)
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ReadChoices(strings.NewReader(text))
		for _, c := range list {
			if err != nil || c.Kind == mechanism.None && len(list) > maxChoices {
				t.Errorf("%q gives %v and %v", text, list, err)
			}
		}
	})
}
