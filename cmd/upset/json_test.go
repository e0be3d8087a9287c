package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"upset/stats/result"
)

var (
	headingLine = regexp.MustCompile(`(?m)^## (\w+)$`)
	keyLine     = regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\|")
)

// documentedKeys reads docs/json.md: the keys of every object.
func documentedKeys(t *testing.T) map[string][]string {
	t.Helper()
	text := string(readTestFile(t, "../../docs/json.md"))
	keys := map[string][]string{}
	at := headingLine.FindAllStringSubmatchIndex(text, -1)
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		for _, k := range keyLine.FindAllStringSubmatch(text[m[1]:end], -1) {
			keys[text[m[2]:m[3]]] = append(keys[text[m[2]:m[3]]], k[1])
		}
	}
	return keys
}

// jsonKeys lists the keys of a struct and of every struct within it.
func jsonKeys(typ reflect.Type, into map[string][]string) {
	for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Map {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	if _, done := into[typ.Name()]; done {
		return
	}
	into[typ.Name()] = []string{}
	var keys []string
	for i := range typ.NumField() {
		f := typ.Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		jsonKeys(f.Type, into)
		if f.Anonymous && tag == "" {
			keys = append(keys, into[f.Type.Name()]...)
			continue
		}
		keys = append(keys, tag)
	}
	into[typ.Name()] = keys
}

// Every struct of package result with keys is part of a result that is documented.
func TestEveryStructIsDocumented(t *testing.T) {
	files, err := filepath.Glob("../../stats/result/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	documented := documentedKeys(t)
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			d, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			s, ok := d.Type.(*ast.StructType)
			if !ok || !slices.ContainsFunc(s.Fields.List, func(f *ast.Field) bool { return f.Tag != nil && strings.Contains(f.Tag.Value, "json:") }) {
				return true
			}
			if len(documented[d.Name.Name]) == 0 {
				t.Errorf("docs/json.md says nothing of %s (%s)", d.Name.Name, filepath.Base(name))
			}
			return true
		})
	}
}

// Every key of every result must be documented, and no other.
func TestEveryKeyIsDocumented(t *testing.T) {
	keys := map[string][]string{}
	for _, v := range []any{
		result.Assess{}, result.Software{}, result.Check{}, result.Run{}, result.Sites{}, result.Compare{}, result.Gate{}, result.Sweep{}, result.ValidateEngine{}, result.ValidateGates{}, result.Qualify{}, result.Verify{}, packed{}, exported{}, injection{}, status{}, shardPlan{}, mergeState{}, compilation{}, listing{}, selectionList{}, selectionRun{}, selectionOwn{}, selectionAudit{}, result.Decision{},
	} {
		jsonKeys(reflect.TypeOf(v), keys)
	}
	documented := documentedKeys(t)
	for name, want := range keys {
		got := documented[name]
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n documented %v\n in the code %v", name, got, want)
		}
	}
	for name := range documented {
		if _, ok := keys[name]; !ok {
			t.Errorf("docs/json.md documents %s, which no result has", name)
		}
	}
}
