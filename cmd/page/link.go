package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Modules of which the page takes a part only.
const (
	// fonts has the faces that package plot links, all twelve of them: 4 MB.
	fonts = "codeberg.org/go-fonts/liberation"
	// face is the one that figures of reports are set in.
	face = "liberationserifregular"
	// gonum brings matrices, and with them LAPACK, to who draws from a distribution.
	gonum = "gonum.org/v1/gonum"
)

// parts are the packages of gonum that package stats needs, and withMatrices the files of
// them that are about matrices.
var (
	parts        = []string{"floats", "internal", "mathext", "stat"}
	withMatrices = []string{"stat/pca_cca.go", "stat/statmat.go"}
)

// link builds the engine as WebAssembly and returns its bytes. It is built without what
// a page has no use for: pictures in other forms than SVG, modules of a user, gates, all
// faces but one, and matrices.
func link(dir string) ([]byte, error) {
	mod, err := slim(dir)
	if err != nil {
		return nil, fmt.Errorf("modules of the page: %w", err)
	}
	out := filepath.Join(dir, "engine.wasm")
	cmd := exec.Command("go", "build", "-modfile", mod, "-tags", "minimal,browser", "-trimpath", "-ldflags", "-s -w", "-o", out, "./cmd/page/worker")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build of the engine: %w: %s", err, text)
	}
	return os.ReadFile(out)
}

// slim writes a copy of go.mod that takes parts of modules from folders beside it, and
// returns its name.
func slim(dir string) (string, error) {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		return "", err
	}
	for name, make := range map[string]func(source, module string) error{fonts: oneFace, gonum: noMatrices} {
		source, err := tool("list", "-m", "-f", "{{.Dir}}", name)
		if err != nil {
			return "", err
		}
		module := filepath.Join(dir, filepath.Base(name))
		if err := make(source, module); err != nil {
			return "", err
		}
		if err := put(filepath.Join(module, "go.mod"), fmt.Appendf(nil, "module %s\n\ngo 1.24\n", name)); err != nil {
			return "", err
		}
		text = fmt.Appendf(text, "\nreplace %s => %s\n", name, module)
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		return "", err
	}
	if err := put(filepath.Join(dir, "go.sum"), sums); err != nil {
		return "", err
	}
	mod := filepath.Join(dir, "go.mod")
	return mod, put(mod, text)
}

// oneFace makes a module of fonts in which every face is the same one.
func oneFace(source, module string) error {
	packages, err := filepath.Glob(filepath.Join(source, "liberation*", "data.go"))
	if err != nil || len(packages) == 0 {
		return fmt.Errorf("%s has no faces: %w", source, err)
	}
	if err := os.CopyFS(filepath.Join(module, face), os.DirFS(filepath.Join(source, face))); err != nil {
		return err
	}
	for _, file := range packages {
		name := filepath.Base(filepath.Dir(file))
		if name == face {
			continue
		}
		text := fmt.Appendf(nil, "package %s\n\nimport %q\n\n// TTF is another face, which is never drawn.\nvar TTF = %s.TTF\n", name, fonts+"/"+face, face)
		if err := put(filepath.Join(module, name, "data.go"), text); err != nil {
			return err
		}
	}
	return nil
}

// noMatrices copies the parts of gonum that do without matrices.
func noMatrices(source, module string) error {
	for _, part := range parts {
		if err := os.CopyFS(filepath.Join(module, part), os.DirFS(filepath.Join(source, part))); err != nil {
			return err
		}
	}
	for _, name := range withMatrices {
		if err := os.Remove(filepath.Join(module, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return prune(filepath.Join(module, "stat", "stat.go"), "mat", "lp")
}

// prune takes out of a file the imports of packages with these names, and the functions
// that speak of them.
func prune(name string, packages ...string) error {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	speaks := func(d ast.Node) (found bool) {
		ast.Inspect(d, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				id, ok := s.X.(*ast.Ident)
				found = found || ok && slices.Contains(packages, id.Name)
			}
			return !found
		})
		return found
	}
	f.Decls = slices.DeleteFunc(f.Decls, func(d ast.Decl) bool {
		_, ok := d.(*ast.FuncDecl)
		return ok && speaks(d)
	})
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			g.Specs = slices.DeleteFunc(g.Specs, func(s ast.Spec) bool {
				text, err := strconv.Unquote(s.(*ast.ImportSpec).Path.Value)
				return err == nil && slices.Contains(packages, path.Base(text))
			})
		}
	}
	f.Comments = nil // they would be printed at places that are gone
	var b bytes.Buffer
	if err := format.Node(&b, set, f); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}

// put writes a file, with its folder.
func put(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

// tool runs the go command.
func tool(args ...string) (string, error) {
	text, err := exec.Command("go", args...).Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(text)), nil
}
