package stats

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingOnlyForTests: every function, method, type, constant and variable of this package
// and of package descent is named by code that is no test, beside its own declaration. Names are
// compared, not objects, so that a name in common use may hide one.
func TestNothingOnlyForTests(t *testing.T) {
	files := token.NewFileSet()
	declared := map[string]token.Pos{}
	named := map[string]int{}
	parsed := 0
	root := ".."
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			return err
		}
		parsed++
		dir := filepath.ToSlash(filepath.Dir(name))
		own := dir == "../stats" || dir == "../stats/descent"
		for _, decl := range f.Decls {
			for id, body := range declarations(decl) {
				if own && id.Name != "_" && id.Name != "init" {
					declared[id.Name] = id.Pos()
				}
				uses(body, id, named)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if parsed < 100 || len(declared) < 100 {
		t.Fatalf("%d files, %d declarations: the search goes astray", parsed, len(declared))
	}
	for name, at := range declared {
		if named[name] == 0 {
			t.Errorf("%s: only tests use %s: use it or delete it", files.Position(at), name)
		}
	}
}

// declarations are the names that a declaration makes, each with the code in which other
// names count as used.
func declarations(d ast.Decl) map[*ast.Ident]ast.Node {
	out := map[*ast.Ident]ast.Node{}
	switch d := d.(type) {
	case *ast.FuncDecl:
		out[d.Name] = d
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				out[s.Name] = s
			case *ast.ValueSpec:
				for i, n := range s.Names {
					if i == 0 {
						out[n] = s
					} else {
						out[n] = n
					}
				}
			}
		}
	}
	return out
}

// uses counts the names in a declaration other than the declared one, so that neither
// recursion nor a receiver keeps something alive.
func uses(n ast.Node, self *ast.Ident, named map[string]int) {
	skip := map[*ast.Ident]bool{self: true}
	if f, ok := n.(*ast.FuncDecl); ok && f.Recv != nil {
		ast.Inspect(f.Recv, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				skip[id] = true
			}
			return true
		})
	}
	if s, ok := n.(*ast.ValueSpec); ok {
		for _, id := range s.Names {
			skip[id] = true
		}
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && !skip[id] && id.Name != self.Name {
			named[id.Name]++
		}
		return true
	})
}
