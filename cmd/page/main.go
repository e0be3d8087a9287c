// The command page makes the page that runs upset in a browser: one file of HTML with the
// engine in it as WebAssembly. It needs no server, and nothing that it is given leaves the
// machine. Run it in the project's folder:
//
//	go run ./cmd/page -out page
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("out", "page", "folder for index.html")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	p, err := build()
	if err != nil {
		return err
	}
	return p.write(out)
}
