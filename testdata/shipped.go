// Package testdata holds what the project ships beside its code, so that a program alone
// has it: the networks with their inputs, and the exhaustive truth.
package testdata

import "embed"

// Files are the folders models and truth.
//
//go:embed models truth
var Files embed.FS
