//go:build !unix

package endurance

import "os/exec"

// ownGroup does nothing here.
func ownGroup(*exec.Cmd) {}

// killGroup kills a process.
func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }
