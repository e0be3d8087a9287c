package netlist

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// silentFile is the list of silent bits of a configuration: site names, a line each.
func silentFile(t *Table) string {
	return filepath.Join("testdata", "silent-"+t.Config.String()+".txt")
}

// readSilent reads the list of a configuration.
func readSilent(t *testing.T, tab *Table) map[SiteID]bool {
	t.Helper()
	data, err := os.ReadFile(silentFile(tab))
	if err != nil {
		t.Fatal(err)
	}
	out := map[SiteID]bool{}
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		line := s.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		id, err := tab.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		out[id] = true
	}
	return out
}

// writeSilent writes the list anew.
func writeSilent(t *testing.T, tab *Table, moments int, silent func(SiteID) bool) {
	t.Helper()
	var w bytes.Buffer
	fmt.Fprintf(&w, "# Register bits of %s whose flips showed no effect at any of %d moments of %d programs.\n", tab.Config, moments, len(sceneNetworks))
	for i := range tab.Registers {
		reg := &tab.Registers[i]
		if reg.IsSRAM() {
			continue
		}
		for b := range reg.Bits() {
			if id := reg.First + SiteID(b); silent(id) {
				fmt.Fprintln(&w, tab.Name(id))
			}
		}
	}
	if err := os.WriteFile(silentFile(tab), w.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
