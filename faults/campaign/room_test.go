package campaign

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"testing"
	"unsafe"
)

// resident is how many of the pages in which s stands the system has given, and how many they are (pagemap of proc,
// proc_pid_pagemap(5): eight bytes a page, the highest bit is set where it is present). What else the process holds
// and gives back meanwhile does not enter.
func resident[T any](t *testing.T, s []T) (present, pages int) {
	t.Helper()
	f, err := os.Open("/proc/self/pagemap")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("this system does not say which pages are present")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size := uintptr(os.Getpagesize())
	first := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	last := first + uintptr(len(s))*unsafe.Sizeof(s[0]) - 1
	entries := make([]byte, 8*(last/size-first/size+1))
	if _, err := f.ReadAt(entries, int64(first/size*8)); err != nil {
		t.Fatal(err)
	}
	for ; len(entries) > 0; entries = entries[8:] {
		pages++
		present += int(binary.LittleEndian.Uint64(entries) >> 63)
	}
	runtime.KeepAlive(s)
	return present, pages
}

// The records of a round have their place in memory from its start, so that nothing grows while it runs, and what
// was there stays.
func TestRecordsHaveTheirPlace(t *testing.T) {
	r := &runner{rounds: []Round{{Size: 100}}}
	r.grow()
	r.have[99], r.records[99].Input = true, 7
	const more = 2_000_000
	r.rounds = append(r.rounds, Round{Start: 100, Size: more})
	r.grow()
	records, ofRecords := resident(t, r.records)
	have, ofHave := resident(t, r.have)
	if pages := ofRecords + ofHave; pages < (100+more)*RecordBytes/os.Getpagesize() {
		t.Fatalf("%d pages are too few for %d records of %d bytes", pages, 100+more, RecordBytes)
	} else if got := records + have; got < pages*99/100 {
		t.Errorf("%d of %d pages are present", got, pages)
	}
	if !r.have[99] || r.records[99].Input != 7 || r.have[100] || len(r.records) != 100+more {
		t.Error("the records are not those from before, or not as many as planned")
	}
}
