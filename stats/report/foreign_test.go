package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"upset/stats/result"
)

// hostileNames are names as somebody may write them into a model.
var hostileNames = []string{
	"=9*91", "+1", "-1", "@x", "\t=1", "\r=1", "\x1b[31mred\x1b[0m", "a\x1b]0;title\x07", "line\nbreak", "\u202egnp.exe", "\u0085", "\u009b2J", "\x7f", "\xe8bad", "\u2028",
	"zero\u200bwidth", "a\x00b", "\U000e0041", "-1.5", "=cmd|'/c calc'!A0", "é ü 中 🙂", "\"quoted\",comma", "\ufffd",
}

// withNames is a copy of a result in which the given one follows every text.
func withNames(v any, name string) any {
	return rewrite(reflect.ValueOf(v), func(s string) string {
		if s == "" {
			return ""
		}
		return s + name
	}).Interface()
}

// shapeless tells what must not reach a terminal.
func shapeless(s string) bool {
	return !utf8.ValidString(s) || strings.IndexFunc(s, func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }) >= 0
}

// No text, table or page, and no JSON on the terminal, passes a control character of a
// name on.
func TestNamesHaveNoControlCharacters(t *testing.T) {
	for what, v := range samples(t) {
		for _, name := range hostileNames {
			for _, format := range Formats() {
				var b bytes.Buffer
				if err := Write(&b, format, withNames(v, name)); err != nil {
					continue // some texts are words that must be known
				}
				if shapeless(strings.ReplaceAll(b.String(), "\t", "")) {
					t.Errorf("%s of %s passes %q on", format, what, name)
				}
			}
		}
	}
	r := result.Run{Model: "\x1b[2Jx", Operations: []result.RunOperation{{Name: "a\nb\t\u202e"}}}
	if text := render(t, FormatText, r); !strings.Contains(text, `\x1b[2Jx`) || !strings.Contains(text, `a\nb\t\u202e`) || strings.Contains(text, "\x1b") {
		t.Errorf("names are not shown escaped:\n%s", text)
	}
}

// A spreadsheet has nothing to run in any CSV, and numbers stay numbers.
func TestTextCellsAreNeutralised(t *testing.T) {
	formula := regexp.MustCompile(`^[=+@\t\r-].`)
	number := regexp.MustCompile(`^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$`)
	for what, v := range samples(t) {
		for _, name := range hostileNames {
			var b bytes.Buffer
			changed := rewrite(reflect.ValueOf(v), func(s string) string {
				if s == "" || s == "+" || s == "-" {
					return s
				}
				return name + s
			}).Interface()
			if err := Write(&b, FormatCSV, changed); err != nil {
				continue
			}
			records, err := csv.NewReader(&b).ReadAll()
			if err != nil {
				t.Fatalf("%s with %q: %v", what, name, err)
			}
			for _, record := range records {
				for _, cell := range record {
					if formula.MatchString(cell) && !number.MatchString(cell) {
						t.Errorf("%s has the cell %q", what, cell)
					}
				}
			}
		}
	}
	for _, name := range []string{"=9*91", "+1", "-1", "@x"} {
		if text := render(t, FormatCSV, result.Run{Operations: []result.RunOperation{{Name: name, Kind: name}}}); !strings.Contains(text, ",'"+name+",'"+name+",") {
			t.Errorf("the name %q in CSV:\n%s", name, text)
		}
	}
	if text := render(t, FormatCSV, result.Campaign{Strata: []result.Stratum{{Weight: -1.5, Bits: -2}}}); !strings.Contains(text, ",-1.5,-2,") {
		t.Errorf("numbers are not as they were:\n%s", text)
	}
}

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "a=b": "a=b", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@": "'@", "\t1": `'\t1`, "\r1": `'\r1`, "+": "+", "-": "-", "'x": "'x", "\x1b[1m": `\x1b[1m`, "\n=1": `\n=1`,
	} {
		if got := Cell(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// JSON keeps every text that is UTF-8, and holds no control character outside of an
// escape.
func TestJSONKeepsNames(t *testing.T) {
	for _, name := range hostileNames {
		text := render(t, FormatJSON, result.Run{Model: name})
		var back result.Run
		if err := json.Unmarshal([]byte(text), &back); err != nil {
			t.Fatalf("%q: %v\n%s", name, err, text)
		}
		if want := strings.ToValidUTF8(name, "\ufffd"); back.Model != want {
			t.Errorf("%q is read back as %q", want, back.Model)
		}
		if shapeless(text) {
			t.Errorf("JSON passes %q on", name)
		}
	}
}

// fill sets every whole number of a value.
func fill(v reflect.Value, n uint64) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(value, n)
		v.SetMapIndex(key, value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Int64, reflect.Int:
		v.SetInt(int64(n))
	case reflect.Uint64, reflect.Uint:
		v.SetUint(n)
	}
}

// Every whole number of every result is one that JavaScript and jq read without a
// change: larger ones are refused, not rounded by the reader.
func TestJSONNumbersAreExact(t *testing.T) {
	for what, v := range samples(t) {
		full := reflect.New(reflect.TypeOf(v)).Elem()
		fill(full, maxExact)
		text := render(t, FormatJSON, full.Interface())
		var tree any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&tree); err != nil {
			t.Fatal(err)
		}
		if seen := walk(t, what, tree); seen == 0 {
			t.Errorf("%s has no number", what)
		}
		fill(full, maxExact+1)
		var b bytes.Buffer
		if err := Write(&b, FormatJSON, full.Interface()); err == nil || !strings.Contains(err.Error(), "2^53-1") {
			t.Errorf("%s with 2^53: %v", what, err)
		}
	}
}

// walk checks the numbers of a JSON value and counts them.
func walk(t *testing.T, where string, v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			n += walk(t, where+"."+k, x)
		}
	case []any:
		for _, x := range v {
			n += walk(t, where, x)
		}
	case json.Number:
		if x, err := v.Float64(); err != nil || math.Abs(x) > maxExact && !strings.ContainsAny(v.String(), ".eE") {
			t.Errorf("%s is %s: %v", where, v, err)
		}
		return 1
	}
	return n
}
