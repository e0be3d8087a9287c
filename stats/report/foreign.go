package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain is a text of foreign origin, such as a name in a model, as it may be printed:
// what has no shape of its own stands as an escape in the notation of Go, so that no
// name moves the cursor, colours a terminal, ends a line or turns the direction of
// writing. That are control characters, format characters such as those of
// bidirectional text, line and paragraph separators, and bytes that are no UTF-8.
func Plain(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) || r == utf8.RuneError }) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case unicode.IsGraphic(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

// Cell is a text as a cell of a CSV file. Programs for tables run what begins with one
// of = + - @, or with one of them behind a tab or a carriage return (CWE-1236; OWASP,
// "CSV Injection"): such a text gets an apostrophe in front. It is [Plain] as well. A
// lone + or - is a sign and no formula. Numbers are not for Cell: write them as they
// are.
func Cell(s string) string {
	if s == "+" || s == "-" {
		return s
	}
	guarded := s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0]))
	if s = Plain(s); guarded {
		return "'" + s
	}
	return s
}

// rewrite is a copy of a value in which every string has gone through f.
func rewrite(v reflect.Value, f func(string) string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		out.SetString(f(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(rewrite(v.Field(i), f))
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(rewrite(v.Index(i), f))
		}
	case reflect.Array:
		for i := range v.Len() {
			out.Index(i).Set(rewrite(v.Index(i), f))
		}
	case reflect.Map:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		for it := v.MapRange(); it.Next(); {
			out.SetMapIndex(rewrite(it.Key(), f), rewrite(it.Value(), f))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(rewrite(v.Elem(), f))
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(rewrite(v.Elem(), f))
		}
	}
	return out
}

// maxExact is the largest whole number that every reader of JSON keeps exactly
// (2^53 - 1, RFC 8259 §6).
const maxExact = 1<<53 - 1

// exact reports a whole number that a reader of JSON may change.
func exact(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				if err := exact(v.Field(i)); err != nil {
					return fmt.Errorf("%s: %w", f.Name, err)
				}
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := exact(v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if err := exact(it.Value()); err != nil {
				return err
			}
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return exact(v.Elem())
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if n := v.Int(); n > maxExact || n < -maxExact {
			return fmt.Errorf("%d is beyond 2^53-1, the largest number that JSON carries safely", n)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if n := v.Uint(); n > maxExact {
			return fmt.Errorf("%d is beyond 2^53-1, the largest number that JSON carries safely", n)
		}
	}
	return nil
}

// EncodeJSON writes a value as one indented JSON object. Characters that [Plain] does
// not print stand as JSON escapes: a reader gets the text unchanged, a terminal gets
// no control character. A whole number beyond 2^53-1 is an error.
func EncodeJSON(w io.Writer, v any) error {
	if err := exact(reflect.ValueOf(v)); err != nil {
		return err
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	text := b.Bytes()
	from := 0
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRune(text[at:])
		if r != '\n' && !unicode.IsGraphic(r) {
			if _, err := w.Write(text[from:at]); err != nil {
				return err
			}
			if err := escape(w, r); err != nil {
				return err
			}
			from = at + n
		}
		at += n
	}
	_, err := w.Write(text[from:])
	return err
}

// escape writes a character as JSON escapes it: two surrogates beyond the first plane.
func escape(w io.Writer, r rune) error {
	const first, high, low = 0x10000, 0xd800, 0xdc00
	if r < first {
		_, err := fmt.Fprintf(w, `\u%04x`, r)
		return err
	}
	r -= first
	_, err := fmt.Fprintf(w, `\u%04x\u%04x`, high+r>>10, low+r&0x3ff)
	return err
}
