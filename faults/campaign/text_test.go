package campaign

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"net": "net", "réseau": "réseau", "r\xe8gle": `r\xE8gle`, "\xff\xfe": `\xFF\xFE`, "é\xe9": `é\xE9`, "": "", "\ufffd": "\ufffd",
	} {
		if got := PlainText(in); got != want || !utf8.ValidString(got) {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// Notes come back byte by byte.
func TestNoteRoundTrip(t *testing.T) {
	want := map[string]string{"model": "/a/mod\xe8le.tflite", "inputs": "/a/b", "command": "x"}
	text, raw := splitNote(want)
	for _, v := range text {
		if !utf8.ValidString(v) {
			t.Errorf("text %q", v)
		}
	}
	if got := joinNote(text, raw); !maps.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Every text of a spec that JSON cannot hold is refused: its digest would not survive.
func TestSpecTextMustBeUTF8(t *testing.T) {
	typ := reflect.TypeFor[Spec]()
	n := 0
	for i := range typ.NumField() {
		s := toySpec(nil)
		switch f := reflect.ValueOf(&s).Elem().Field(i); f.Interface().(type) {
		case string:
			f.SetString("a\xe8")
		case []string:
			f.Set(reflect.ValueOf([]string{"a\xe8"}))
		default:
			continue
		}
		n++
		if err := s.checkText(); err == nil || strings.Contains(err.Error(), "\xe8") || !strings.Contains(err.Error(), "rename") {
			t.Errorf("%s: %v", typ.Field(i).Name, err)
		}
	}
	if n < 10 {
		t.Errorf("%d texts", n)
	}
}
