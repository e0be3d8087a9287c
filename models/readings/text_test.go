package readings

import (
	"maps"
	"strings"
	"testing"
	"time"
)

// The forms in which tools print counters.
func TestParseText(t *testing.T) {
	board := map[string]Count{
		"npu_active": 404973, "npu_idle": 635, "cycle": 405608, "axi0_rd_data_beat_received": 125388, "axi0_wr_data_beat_written": 48254,
		"axi1_rd_data_beat_received": 17493,
	}
	for _, x := range []struct {
		name, text string
		want       map[string]Count
		ignored    int
	}{
		{"evaluation kit, unit behind", `INFO - Final results:
INFO - Total number of inferences: 1
INFO - 0) no (0.999) -> 10.5 ms
INFO - Profile for Inference:
INFO - NPU AXI0_RD_DATA_BEAT_RECEIVED: 125388 beats
INFO - NPU AXI0_WR_DATA_BEAT_WRITTEN: 48254 beats
INFO - NPU AXI1_RD_DATA_BEAT_RECEIVED: 17493 beats
INFO - NPU ACTIVE: 404973 cycles
INFO - NPU IDLE: 635 cycles
INFO - NPU TOTAL: 405608 cycles
`, board, 4},
		{"evaluation kit, unit in front, thousands", `NPU AXI0_RD_DATA_BEAT_RECEIVED beats: 125,388
NPU AXI0_WR_DATA_BEAT_WRITTEN beats: 48'254
NPU AXI1_RD_DATA_BEAT_RECEIVED beats: 17_493
NPU ACTIVE cycles: 404 973
NPU IDLE cycles: 635
NPU TOTAL cycles: 405,608`, board, 0},
		{"driver", "ethosu_pmu_cycle_counter : 405608\r\nnpu active : 404973\r\nETHOSU_PMU_NPU_IDLE = 635\r\naxi0_rd_data_beat_received : 125388\r\n" +
			"ethosu_pmu_cntr1 : 5\r\naxi0 wr data beat written=48254\r\nAxi1_Rd_Data_Beat_Received:17493\r\n", board, 1},
		{"CSV", "counter,value\ncycle,405608\nnpu_active,404973\nnpu_idle,635\naxi0_rd_data_beat_received,125388\naxi0_wr_data_beat_written,48254.0\n" +
			"\"axi1_rd_data_beat_received\",\"17,493\"\n", board, 1},
		{"TSV with a mark", "\ufeffcycle\t405608\nnpu_active\t404973\nnpu_idle\t635\naxi0_rd_data_beat_received\t125388\naxi0_wr_data_beat_written\t48254\n" +
			"axi1_rd_data_beat_received\t17493", board, 0},
		{"one line", `{"npu_active": 404973, "npu_idle": 635, "cycle": 405608, "axi0_rd_data_beat_received": 125388, "axi0_wr_data_beat_written": 48254, "axi1_rd_data_beat_received": 17493}`, board, 0},
		{"colours and times", "\x1b[32m[00:01:02.345] <inf> ethosu: \x1b[0mnpu_active: 12\x1b[0m\n", map[string]Count{"npu_active": 12}, 0},
		{"twice the same", "npu_active: 12\nNPU ACTIVE: 12 cycles\n", map[string]Count{"npu_active": 12}, 0},
		{"names that only look alike", "mac_active_8bit: 7\nmac_active: 9\nbusy npu_active: 4\nnpu: 3\ncycles: 8\nno_event: 1\n" +
			strings.Repeat("a ", 40) + "npu_active: 4\n", map[string]Count{"mac_active_8bit": 7, "mac_active": 9}, 5},
		{"noise", "\x00\xff\xfe npu_idle: 3\n" + strings.Repeat("x", maxLine) + " npu_idle: 3\nnpu_active:0\n:::\n= 5\n", map[string]Count{"npu_active": 0}, 4},
	} {
		r, err := ParseText("log.txt", []byte(x.text))
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		if !maps.Equal(r.Counters, x.want) || r.Ignored != x.ignored || r.Name != "log.txt" {
			t.Errorf("%s: %v and %d lines ignored, want %v and %d", x.name, r.Counters, r.Ignored, x.want, x.ignored)
		}
	}
}

// What cannot be a count of one inference is refused with the line.
func TestParseTextRefuses(t *testing.T) {
	for _, x := range []struct{ text, want string }{
		{"", "no counter found"},
		{"hello\nworld: 5\n", "no counter found"},
		{"\nnpu_active: 404.973\n", "line 2: npu_active: 404.973 is no whole number"},
		{"npu_active: 0x1234", "0x is no whole number"},
		{"npu_active: 1e6", "1e is no whole number"},
		{"npu_active: -5", "-5 is no whole number"},
		{"npu_active: 4,04973", "4,04973 is no whole number"},
		{"npu_active: 1,000'000", "is no whole number"},
		{"npu_active: 9007199254740992", "is no whole number"},
		{"npu_active: 99999999999999999999999999", "is no whole number"},
		{"npu_active: 5\nNPU ACTIVE: 6 cycles\n", "line 2: npu_active is 6 here and was 5 before"},
		{strings.Repeat("\n", MaxBytes+1), "at most"},
	} {
		r, err := ParseText("log.txt", []byte(x.text))
		if err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60q: %v, %v; want %q", x.text, r, err, x.want)
		}
	}
}

func FuzzParseText(f *testing.F) {
	f.Add([]byte("INFO - NPU AXI0_RD_DATA_BEAT_RECEIVED beats: 125,388\nNPU ACTIVE: 404973 cycles\n"))
	f.Add([]byte("ethosu_pmu_cycle_counter : 405608\r\naxi0 wr data beat written=48254"))
	f.Add([]byte("npu_active\t1\nnpu_idle;2"))
	f.Add([]byte("\x1b[0mnpu_active: 1'000, npu_idle: 0x5"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseText("log", data)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b\x00") {
				t.Errorf("message %q", err)
			}
			return
		}
		if len(r.Counters) == 0 || r.Ignored > len(data) {
			t.Errorf("%+v", r)
		}
		for name, v := range r.Counters {
			if !public[name] || v < 0 || v > maxCount {
				t.Errorf("accepted %s: %d", name, v)
			}
		}
	})
}

// Texts at the bounds end within seconds.
func TestParseTextIsQuick(t *testing.T) {
	for _, unit := range []string{"a:1,", "npu_active:1 ", "npu ", "a:1'1'1'1"} {
		line := strings.Repeat(unit, maxLine/len(unit)-1) + "\n"
		begin := time.Now()
		_, err := ParseText("log", []byte(strings.Repeat(line, MaxBytes/len(line))))
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("lines of %q take %v (%v)", unit, took, err)
		}
	}
}
