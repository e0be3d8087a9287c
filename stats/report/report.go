// Package report turns one result into text for a terminal, JSON, CSV or one
// self-contained HTML page.
//
// It prints what the result holds and adds no judgement. Names come from models and
// files that anybody may have made: see [Plain] and [Cell] for how they are printed. Two rules hold in
// every format for people: a bound is never printed as an estimate, and the
// inputs of a verdict stand next to it. Limits are rounded outwards, so that a
// printed limit is still one.
package report

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"upset/stats/result"
)

// Names of the formats.
const (
	FormatText = "text"
	FormatJSON = "json"
	FormatCSV  = "csv"
	FormatHTML = "html"
	// FormatDetail is text with every table. It differs from text where that is one
	// screen: for an assessment.
	FormatDetail = "detail"
)

// Formats are the names that Write accepts.
func Formats() []string { return []string{FormatText, FormatJSON, FormatCSV, FormatHTML} }

// Write writes one result in the named format. V is one of the structs of
// package result, or a pointer to one.
func Write(w io.Writer, format string, v any) error {
	value := reflect.ValueOf(v)
	for value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	}
	if value.Kind() != reflect.Struct {
		return fmt.Errorf("report: %T is no result: pass a struct of package result", v)
	}
	var err error
	switch format {
	case FormatText:
		plain := rewrite(value, Plain).Interface()
		if a, ok := plain.(result.Assess); ok {
			err = writeText(w, briefDocument(a))
			break
		}
		err = writeDocument(w, plain, writeText)
	case FormatDetail:
		err = writeDocument(w, rewrite(value, Plain).Interface(), writeText)
	case FormatHTML:
		err = writeDocument(w, rewrite(value, Plain).Interface(), writeHTML)
	case FormatJSON:
		err = writeJSON(w, value.Interface())
	case FormatCSV:
		err = writeCSV(w, rewrite(value, Cell).Interface())
	default:
		return fmt.Errorf("unknown report format %q: choose one of %s", format, strings.Join(Formats(), ", "))
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// writeJSON writes one indented object, with empty lists instead of null.
func writeJSON(w io.Writer, v any) error {
	filled := reflect.New(reflect.TypeOf(v)).Elem()
	filled.Set(reflect.ValueOf(v))
	fillLists(filled)
	return EncodeJSON(w, filled.Interface())
}

// fillLists replaces nil slices and maps by empty ones. Slices are copied
// before their elements change: the caller's result stays as it is.
func fillLists(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fillLists(v.Field(i))
			}
		}
	case reflect.Slice:
		list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(list, v)
		for i := range list.Len() {
			fillLists(list.Index(i))
		}
		v.Set(list)
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	}
}

// writeDocument builds the document of a result and hands it to a renderer.
func writeDocument(w io.Writer, v any, render func(io.Writer, document) error) error {
	var d document
	var err error
	switch r := v.(type) {
	case result.Campaign:
		d, err = campaignDocument(r)
	case result.Protect:
		d, err = protectDocument(r)
	case result.Assess:
		d, err = assessDocument(r)
	case result.Check:
		d = checkDocument(r)
	case result.Software:
		d = softwareDocument(r)
	case result.Run:
		d = runDocument(r)
	case result.Sites:
		d = sitesDocument(r)
	case result.Compare:
		d = compareDocument(r)
	case result.Sweep:
		d = sweepDocument(r)
	case result.Gate:
		d = gateDocument(r)
	case result.Decision:
		d = decisionDocument(r)
	case result.Residue:
		d = residueDocument(r)
	case result.ValidateEngine:
		d = validateDocument(r)
	case result.ValidateGates:
		d = gatesDocument(r)
	case result.Qualify:
		d = qualifyDocument(r)
	case result.Verify:
		d = verifyDocument(r)
	default:
		return fmt.Errorf("%T has no text or page: use json", v)
	}
	if err != nil {
		return err
	}
	return render(w, d)
}
