//go:build !js

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
)

// maxRequest bounds a line of the input (our choice).
const maxRequest = 1 << 20

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "page")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out := json.NewEncoder(os.Stdout)
	var failed error
	s := newServer(dir, func(m message) {
		if err := out.Encode(m); err != nil {
			failed = err
		}
	})
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, maxRequest)
	for in.Scan() {
		if s.serve(ctx, in.Bytes()); failed != nil {
			return failed
		}
	}
	return in.Err()
}
