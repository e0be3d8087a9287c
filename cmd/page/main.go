// The command page makes the page that runs upset in a browser: one file of HTML with the
// engine in it as WebAssembly. It needs no server, and nothing that it is given leaves the
// machine. Run it in the project's folder:
//
//	go run ./cmd/page -out page
//
// With -measure it times the page in Chromium beside a native build and writes docs/page.md; with
// -pictures it makes the pictures of the documents in a folder.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", "page", "folder for index.html")
	measured := flag.String("measure", "", "time the page in Chromium and write this page of figures")
	drawn := flag.String("pictures", "", "make the pictures of the documents in this folder")
	flag.Parse()
	do := func() error { return run(*out) }
	switch {
	case *drawn != "":
		do = func() error { return pictures(context.Background(), *drawn) }
	case *measured != "":
		do = func() error { return measure(context.Background(), *measured) }
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	p, err := build()
	if err != nil {
		return err
	}
	if err := p.write(out); err != nil {
		return err
	}
	n, err := p.travels()
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s MB, %s MB as a host sends it\n", filepath.Join(out, "index.html"), megabytes(len(p.html)), megabytes(n))
	return nil
}
