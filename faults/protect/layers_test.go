package protect

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layers are the parts of the package, see its documentation: a file names nothing that
// stands in a later one.
var layers = []string{"machine", "evidence", "search", "proof", "run"}

// layerOf is the place of a file among them.
func layerOf(file string) int {
	name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".go"), "_")
	return slices.Index(layers, name)
}

// declares lists the functions, types, variables and constants of a package that a file declares.
func declares(f *ast.File) (list []string) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				list = append(list, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					list = append(list, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						list = append(list, n.Name)
					}
				}
			}
		}
	}
	return list
}

// uses are the names that a file uses and may have from elsewhere in its package: a name
// that it declares within a function anywhere is left out, and so are fields and methods.
func uses(f *ast.File) map[string]token.Pos {
	used, own := map[string]token.Pos{}, map[string]bool{}
	skip := map[*ast.Ident]bool{}
	declare := func(list ...*ast.Ident) {
		for _, i := range list {
			own[i.Name], skip[i] = true, true
		}
	}
	for _, d := range f.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				skip[n.Name] = true
			case *ast.SelectorExpr:
				skip[n.Sel] = true
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok {
					skip[key] = true
				}
			case *ast.StructType:
				for _, field := range n.Fields.List {
					for _, i := range field.Names {
						skip[i] = true
					}
				}
			case *ast.InterfaceType:
				for _, field := range n.Methods.List {
					for _, i := range field.Names {
						skip[i] = true
					}
				}
			case *ast.FuncType:
				for _, list := range []*ast.FieldList{n.Params, n.Results} {
					if list != nil {
						for _, field := range list.List {
							declare(field.Names...)
						}
					}
				}
			case *ast.AssignStmt:
				for _, x := range n.Lhs {
					if i, ok := x.(*ast.Ident); ok && n.Tok == token.DEFINE {
						declare(i)
					}
				}
			case *ast.RangeStmt:
				for _, x := range []ast.Expr{n.Key, n.Value} {
					if i, ok := x.(*ast.Ident); ok && n.Tok == token.DEFINE {
						declare(i)
					}
				}
			}
			return true
		})
		ast.Inspect(d, func(n ast.Node) bool {
			if i, ok := n.(*ast.Ident); ok && !skip[i] {
				used[i.Name] = i.Pos()
			}
			return true
		})
	}
	for name := range own {
		delete(used, name)
	}
	return used
}

// TestLayers holds that evidence does not know the search, nor the search the proof: what
// was seen may not depend on what is sought, nor the design on its own proof.
func TestLayers(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	where, parsed := map[string]string{}, map[string]*ast.File{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "doc.go" {
			continue
		}
		f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if layerOf(file) < 0 {
			t.Errorf("%s belongs to no part of the package: %v", file, layers)
		}
		parsed[file] = f
		for _, n := range declares(f) {
			where[n] = file
		}
	}
	known := 0
	for file, f := range parsed {
		for name, at := range uses(f) {
			to, ok := where[name]
			if !ok || to == file {
				continue
			}
			known++
			if layerOf(to) > layerOf(file) {
				t.Errorf("%v: %s stands in %s", set.Position(at), name, to)
			}
		}
	}
	if known < 150 {
		t.Errorf("only %d names from other files: the test looks at nothing", known)
	}
}
