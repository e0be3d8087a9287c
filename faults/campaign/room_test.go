package campaign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
)

// resident is the memory in bytes that this process has from the system (proc(5), statm).
func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if errors.Is(err, fs.ErrNotExist) && runtime.GOOS != "linux" {
		t.Skip("only Linux has /proc/self/statm")
	}
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// The records of a round have their place in memory from its start, so that nothing grows while it runs, and what
// was there stays.
func TestRecordsHaveTheirPlace(t *testing.T) {
	r := &runner{rounds: []Round{{Size: 100}}}
	r.grow()
	r.have[99], r.records[99].Input = true, 7
	const more = 2_000_000
	r.rounds = append(r.rounds, Round{Start: 100, Size: more})
	debug.FreeOSMemory()
	before := resident(t)
	r.grow()
	if got, want := resident(t)-before, more*RecordBytes; got < want*9/10 {
		t.Errorf("%d bytes became resident, %d are for records", got, want)
	}
	if !r.have[99] || r.records[99].Input != 7 || r.have[100] || len(r.records) != 100+more {
		t.Error("the records are not those from before, or not as many as planned")
	}
}
