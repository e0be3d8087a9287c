package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"upset/faults/convergence"
	"upset/npu/isa"
)

// inference prints the time of an inference by the dense kernels.
func inference(w io.Writer, shared, name string) error {
	p, inputs, err := program(shared, name, isa.U55x128, 1)
	if err != nil {
		return err
	}
	took, macs, err := convergence.Inference(p, inputs[0])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, took.Nanoseconds(), macs)
	return err
}

// scalarInference is the time of an inference by the kernels in plain Go: in a process of its
// own, since vectors are chosen when a program starts.
func scalarInference(shared, name string) (took time.Duration, macs int64, err error) {
	own, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.Command(own, "-inference", "-network", name, "-shared", shared)
	cmd.Env = append(os.Environ(), "GODEBUG=cpu.avx2=off")
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("inference of %s without vectors: %w", name, err)
	}
	var ns int64
	if _, err := fmt.Sscan(string(text), &ns, &macs); err != nil {
		return 0, 0, fmt.Errorf("inference of %s without vectors: %q: %w", name, text, err)
	}
	return time.Duration(ns), macs, nil
}
