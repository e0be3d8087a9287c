package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Exit codes of the command line contract.
const (
	codeDone       = 0
	codeFailed     = 1
	codeUsage      = 2
	codeIncomplete = 3
	codeNotMet     = 4
)

// coded is an error with an exit code.
type coded struct {
	code int
	err  error
}

// Error is the message of the inner error.
func (c *coded) Error() string { return c.err.Error() }

// Unwrap gives the inner error.
func (c *coded) Unwrap() error { return c.err }

// usage is an error of the command line or of a file that the user gave.
func usage(format string, values ...any) error {
	return &coded{codeUsage, fmt.Errorf(format, values...)}
}

// bad marks an error as caused by the user's input; nil stays nil.
func bad(err error) error {
	if err == nil {
		return nil
	}
	return &coded{codeUsage, err}
}

// exitCode maps an error to an exit code.
func exitCode(err error) int {
	var c *coded
	switch {
	case errors.As(err, &c):
		return c.code
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return codeIncomplete
	}
	return codeFailed
}

// oneLine joins the lines of a message.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
