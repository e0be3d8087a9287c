package isa

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// declared collects the names that the files of a package declare, fields included.
func declared(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				names[n.Name.Name] = true
				return false
			case *ast.TypeSpec:
				names[n.Name.Name] = true
			case *ast.ValueSpec:
				for _, id := range n.Names {
					names[id.Name] = true
				}
			case *ast.Field:
				for _, id := range n.Names {
					names[id.Name] = true
				}
			}
			return true
		})
	}
	return names
}

// TestChoices checks that each choice in the table of docs/choices.md names a
// declaration that exists.
func TestChoices(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "docs", "choices.md"))
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]map[string]bool{}
	rows := 0
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) != 5 || !strings.Contains(cells[3], "`") {
			continue
		}
		rows++
		name, dir := strings.Trim(cells[3], " `"), strings.TrimSpace(cells[4])
		if packages[dir] == nil {
			packages[dir] = declared(t, filepath.Join(root, filepath.FromSlash(dir)))
		}
		if !packages[dir][name] {
			t.Errorf("%s: %s declares no %s", strings.TrimSpace(cells[0]), dir, name)
		}
		if mark := strings.TrimSpace(cells[1]); mark != "inferred" && mark != "unused" && mark != "open" {
			t.Errorf("%s: mark is %q", name, mark)
		}
	}
	if rows < 20 {
		t.Errorf("%d rows found in the table", rows)
	}
}

// TestParseErrors lists first words that are no commands.
func TestParseErrors(t *testing.T) {
	for _, w := range []uint32{
		0x0004, 0x0007, 0x0123, 0x0132, 0x03ff, // no such operation or register
		0x4033, 0x4090, 0x4180, // no such register with a payload
		0x8002, 0xc002, // control 2 and 3
		0x0400 | 2, 0x2000 | 0x100, // reserved bits
	} {
		if kind, _ := Classify(w); kind != UnknownCommand {
			t.Errorf("%#06x is of kind %d", w, kind)
		}
	}
	r := Registers{1, 2, 3}
	if r.Reset(); r != (Registers{}) {
		t.Errorf("registers after reset are %v", r)
	}
}
