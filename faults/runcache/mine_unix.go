//go:build unix

package runcache

import (
	"io/fs"
	"os"
	"syscall"
)

// mine reports whether a folder is this user's and nobody else may write to it.
func mine(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Getuid() && info.Mode().Perm()&0o022 == 0
}
