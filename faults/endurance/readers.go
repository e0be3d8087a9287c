package endurance

import "time"

// leastTime is the processor time that each reader of outside files is to be fuzzed for before a
// release (our choice).
const leastTime = 30 * time.Minute

// Reader is a kind of file that comes from outside, with the targets that read it.
type Reader struct {
	Name string
	// Targets are packages with the name of the target behind a full stop.
	Targets []string
}

// readers are the kinds of files that people bring or that may be damaged on the way. Targets that
// have one job between them, as the head and the body of a log, share its time.
var readers = []Reader{
	{"TFLite", []string{"models/tflite.FuzzParse", "models/network.FuzzFromVela"}},
	{"driver payload (COP1, COP2)", []string{"npu.FuzzContainer", "models/container.FuzzPayload"}},
	{"raw output of Vela (`.npz`)", []string{"models/network.FuzzRaw"}},
	{"ExecuTorch (`.pte`)", []string{"models/executorch.FuzzParse", "models/network.FuzzPTE"}},
	{"command streams", []string{"npu.FuzzStream"}},
	{"compressed weights", []string{"npu/mlw.FuzzDecode"}},
	{"`.npy`", []string{"models/inputs.FuzzParseNPY"}},
	{"YAML of a sweep", []string{"cmd/upset.FuzzParseSweep"}},
	{"logs of campaigns", []string{"faults/campaign.FuzzReadLog", "faults/campaign.FuzzLogBody"}},
	{"shards", []string{"faults/campaign.FuzzShard"}},
	{"audit packs", []string{"faults/audit.FuzzUnpack", "faults/audit.FuzzArchive"}},
	{"guests (WebAssembly)", []string{"models/guest.FuzzLoad", "models/guest.FuzzExamine"}},
	{"netlists", []string{"netlist/gate.FuzzRead"}},
}

// Had is what a reader had of the fuzzer.
type Had struct {
	Reader
	Executions  int
	CoreSeconds float64
}

// Short reports that it had less than it is to have.
func (h Had) Short() bool { return h.CoreSeconds < leastTime.Seconds() }

// Readers is what each reader had.
func (f *Fuzzing) Readers() (list []Had) {
	for _, r := range readers {
		h := Had{Reader: r}
		for _, name := range r.Targets {
			for _, t := range f.Targets {
				if t.Package+"."+t.Name == name {
					h.Executions += t.Executions
					h.CoreSeconds += t.CoreSeconds
				}
			}
		}
		list = append(list, h)
	}
	return list
}
