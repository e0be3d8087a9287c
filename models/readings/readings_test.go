package readings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder holds the readings of the project.
var folder = filepath.Join("..", "..", filepath.FromSlash(Folder))

func example(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "fvp-rnnoise.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The readings of the project are complete, and the total of cycles is the sum of active
// and idle ones wherever all three stand.
func TestCases(t *testing.T) {
	list, err := Cases(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 5 {
		t.Fatalf("%d readings", len(list))
	}
	boards, totals := 0, 0
	for _, c := range list {
		r := c.Reading
		if r.ReadBy == Board {
			boards++
		}
		if total, ok := r.Counters["cycle"]; ok {
			totals++
			if total != r.Counters["npu_active"]+r.Counters["npu_idle"] {
				t.Errorf("%s: %d cycles in all, %d active, %d idle", r.Name, total, r.Counters["npu_active"], r.Counters["npu_idle"])
			}
		}
		if r.Counters["npu_active"] == 0 || r.Counters["axi0_wr_data_beat_written"] == 0 {
			t.Errorf("%s: %v", r.Name, r.Counters)
		}
	}
	if boards == 0 || totals == 0 {
		t.Errorf("%d readings of boards, %d with a total", boards, totals)
	}
	if _, err := Cases(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no reading") {
		t.Errorf("an empty folder: %v", err)
	}
}

// The streams of the readings are those of the data folder.
func TestStreams(t *testing.T) {
	streams := filepath.Join("..", "..", "..", "shared", "counters")
	if _, err := os.Stat(filepath.Dir(streams)); err != nil {
		t.Skip("the data folder ../shared is absent")
	}
	list, err := Cases(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if _, err := c.Reading.Stream.Find(streams); err != nil {
			t.Error(err)
		}
	}
	s := list[0].Reading.Stream
	s.File = list[1].Reading.Stream.File
	if _, err := s.Find(streams); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("another stream: %v", err)
	}
}

// A reading that lacks something or has something unknown is refused, and the message
// says what.
func TestParseIsStrict(t *testing.T) {
	good := example(t)
	if _, err := Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ old, new, want string }{
		{good, "", "empty"},
		{good, "# nothing\n", "empty"},
		{"name: fvp-rnnoise", "name: ''", "name is missing"},
		{"name: fvp-rnnoise", "name: a/b", "use letters"},
		{"  file: ", "  file: ../", "without its folder"},
		{"  sha256: b7", "  sha256: B7", "hexadecimal"},
		{"  sha256: b7", "  sha256: ", "hexadecimal"},
		{"npu: u55-128", "npu: u65-256", "u65-256"},
		{"system: corstone-300", "system: ''", "system is missing"},
		{"read_by: simulator", "read_by: guess", "want board or simulator"},
		{"  url: https://", "  url: file://", "https://"},
		{"  url: https://", "  date: yesterday\n  url: https://", "source.date"},
		{"  npu_active: 103870", "  npu_busy: 103870", `"npu_busy" is no public PMU event`},
		{"  npu_active: 103870", "  no_event: 103870", "no public PMU event"},
		{"  npu_active: 103870", "  npu_active: 1e5", "whole number"},
		{"  npu_active: 103870", "  npu_active: -1", "whole number"},
		{"  npu_active: 103870", "  npu_active: 0x10", "whole number"},
		{"  npu_active: 103870", "  npu_active: '5'", "whole number"},
		{"  npu_active: 103870", "  npu_active: 9007199254740992", "whole number"},
		{"  npu_active: 103870", "  npu_active: 1\n  npu_active: 2", "already defined"},
		{"read_by:", "flops: 3\nread_by:", "flops"},
		{"decided_by: >-", "decided_by: ''\nx: >-", "field x not found"},
		{good, good + "---\n{}\n", "more than one document"},
		{"network: 'RNNoise, noise reduction, int8; compiled with Vela 3.1'", `network: "\e[31m"`, "holds the character U+001B"},
		{"network: 'RNN", "network: '" + strings.Repeat("x", maxText), "at most"},
	} {
		text := strings.Replace(good, x.old, x.new, 1)
		if text == good {
			t.Errorf("%q does not stand in the example", x.old)
		}
		if r, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q for %q: accepted %+v", x.new, x.old, r)
		} else if !strings.Contains(err.Error(), x.want) {
			t.Errorf("%q for %q: %v, want %q", x.new, x.old, err, x.want)
		}
	}
	if _, err := Parse(make([]byte, MaxBytes+1)); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a long file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(example(f)))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("counters: {npu_active: 1}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		for name, v := range r.Counters {
			if !public[name] || v < 0 || v > maxCount {
				t.Errorf("accepted %s: %d", name, v)
			}
		}
		if r.Name == "" || len(r.Stream.SHA256) != 64 || strings.ContainsAny(r.Stream.File, `/\`) {
			t.Errorf("accepted %+v", r)
		}
	})
}
