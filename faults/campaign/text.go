package campaign

import (
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"
)

// PlainText is a name as results and logs hold it: bytes that are no UTF-8, which JSON
// cannot hold, become \xE8 and the like. Names that are UTF-8 stay as they are.
func PlainText(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		r, n := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02X`, name[0])
		} else {
			b.WriteString(name[:n])
		}
		name = name[n:]
	}
	return b.String()
}

// splitNote divides a note into what JSON can hold and the rest as bytes, so that paths
// come back as they were.
func splitNote(note map[string]string) (text map[string]string, raw map[string][]byte) {
	for key, value := range note {
		if utf8.ValidString(value) {
			continue
		}
		if raw == nil {
			raw, text = map[string][]byte{}, maps.Clone(note)
		}
		raw[key] = []byte(value)
		text[key] = PlainText(value)
	}
	if raw == nil {
		return note, nil
	}
	return text, raw
}

// joinNote undoes splitNote.
func joinNote(text map[string]string, raw map[string][]byte) map[string]string {
	if len(raw) == 0 {
		return text
	}
	note := maps.Clone(text)
	if note == nil {
		note = map[string]string{}
	}
	for key, value := range raw {
		note[key] = string(value)
	}
	return note
}

// checkText refuses text that a log could not hold. Names of files are made plain
// before; what is left here must be found again as it is.
func (s Spec) checkText() error {
	check := func(what, text string) error {
		if utf8.ValidString(text) {
			return nil
		}
		return fmt.Errorf("%s %q is not UTF-8: rename it", what, text)
	}
	named := [][2]string{
		{"configuration", s.NPU}, {"model name", s.Model}, {"digest", s.Program}, {"digest", s.Inputs}, {"digest", s.Table},
		{"system", s.System}, {"inventory", s.Inventory}, {"sites", s.Sites}, {"sampling", s.Sampling},
		{"criterion", s.Criterion}, {"RAM code", s.ECC}, {"fault model", s.Fault},
	}
	for _, p := range s.Only {
		named = append(named, [2]string{"pattern", p})
	}
	for _, c := range s.Classes {
		named = append(named, [2]string{"register class", c})
	}
	for _, n := range named {
		if err := check(n[0], n[1]); err != nil {
			return err
		}
	}
	return nil
}
