package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Work that reports nothing is not silent, and a finished one says nothing more.
func TestProgressSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		p := &program{stderr: &lockedWriter{w: &b}}
		g := p.progress("fault-free runs", 8)
		time.Sleep(5 * longestSilence)
		synctest.Wait()
		lines := strings.Count(b.String(), "fault-free runs: 0 of 8, ")
		if lines < 3 || lines > 5 {
			t.Errorf("%d lines in five times the longest silence:\n%s", lines, b.String())
		}
		time.Sleep(2 * lineEvery)
		g.set(3)
		if !strings.Contains(b.String(), "fault-free runs: 3 of 8\n") {
			t.Errorf("no count: %s", b.String())
		}
		g.finish()
		g.finish()
		n := b.Len()
		time.Sleep(5 * longestSilence)
		if b.Len() != n {
			t.Errorf("it speaks when it is done: %s", b.String()[n:])
		}
	})
}
