package main

import "testing"

// A bench has passed only if it says so, and nothing else.
func TestVerdict(t *testing.T) {
	for said, good := range map[string]bool{
		"PASS": true, "PASS: 12 checks": true, "PASS mac_array": true, "seed 1\nPASS 3 checks": true,
		"": false, "FAIL": false, "PASS\nFAIL 1": false, "12 checks": false, "no PASS": false,
	} {
		if got := verdict(said) == nil; got != good {
			t.Errorf("%q counts as passed: %t", said, got)
		}
	}
}

// Every bench that stands beside the Verilog is run.
func TestBenches(t *testing.T) {
	list, err := benches("..")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, b := range list {
		seen[b.name()] = true
	}
	for _, name := range []string{"traversal_test", "weight_decoder_test", "mac_array_test", "ao_pixel_test", "secded_tb", "triplicate_tb"} {
		if !seen[name] {
			t.Errorf("%s is not run", name)
		}
	}
	if _, err := benches(t.TempDir()); err == nil {
		t.Error("no benches are no error")
	}
}
