package area

import (
	"fmt"

	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// Mechanism is the logic of a protection mechanism of one size.
type Mechanism struct {
	Kind  mechanism.Kind
	Title string
	Subject
	// Formula is the area that faults/mechanism and netlist count for it, with given
	// constants.
	Formula func(c *netlist.Costs) float64
}

// count is so many of one constant.
type count struct {
	constant string
	n        int
}

// counted is a formula that is a sum.
func counted(list ...count) func(*netlist.Costs) float64 {
	return func(c *netlist.Costs) (sum float64) {
		for _, x := range list {
			sum += float64(x.n) * *Constant(c, x.constant)
		}
		return sum
	}
}

// alarm is what faults/mechanism counts for an alarm.
var alarm = []count{{"Flop", 1}, {"Gate", 2}}

func files(modules ...string) (list []string) {
	for _, m := range modules {
		list = append(list, "mechanisms/"+m+".v")
	}
	return list
}

// parity of an element of a width.
func parity(kind mechanism.Kind, width, group, interleave int) Mechanism {
	groups := max((width+group-1)/group, interleave)
	list := append([]count{{"Flop", groups}, {"XOR", width - groups}, {"XOR", width}, {"Gate", groups - 1}}, alarm...)
	gated := 1
	if kind == mechanism.ParityAlways {
		gated = 0
	} else {
		list = append(list, count{"Gate", groups})
	}
	return Mechanism{kind, fmt.Sprintf("%d bits, groups of %d", width, width/groups), Subject{
		Module: "parity_group",
		Params: par("WIDTH", width, Param{"GROUP", group}, Param{"INTERLEAVE", interleave}, Param{"GATED", gated}),
		Files:  files("parity_group", "alarm"),
	}, counted(list...)}
}

// ofChecker is what faults/mechanism counts for a checker on a configuration.
func ofChecker(kind mechanism.Kind, config isa.Config) func(*netlist.Costs) float64 {
	return func(c *netlist.Costs) float64 {
		t := netlist.New(config, npu.ECCSECDED)
		cost, err := mechanism.NewPricing(t, t.Areas(c), c, mechanism.DefaultCells()).Cost(mechanism.Choice{Block: mechanism.Home(kind), Kind: kind})
		if err != nil { // a checker has a cost on every configuration
			panic(err)
		}
		return cost.LogicGE
	}
}

// Digits modulo 3 of the counters of each stage, two bits of a counter each: those of a job
// and of a block, with the counters over weight blocks where the stage has them. They are
// checked against the table of registers by a test.
var stageDigits = []struct {
	Stage  string
	Digits int
}{{"ifm", 50}, {"wd", 60}, {"mac", 60}, {"ao", 26}, {"ofm", 26}}

// Mechanisms lists the mechanisms that are measured. Hardened cells have no logic.
func Mechanisms() (list []Mechanism) {
	for _, group := range []int{8, 16, 32} {
		list = append(list, parity(mechanism.Parity, 128, group, 1))
	}
	list = append(list, parity(mechanism.Parity, 8, 32, 1), parity(mechanism.Parity, 32, 32, 1))
	for _, group := range []int{8, 16, 32} {
		list = append(list, parity(mechanism.ParityInterleaved, 128, group, 2))
	}
	list = append(list, parity(mechanism.ParityInterleaved, 16, 32, 2))
	list = append(list, parity(mechanism.ParityAlways, 128, 32, 1))
	for _, levels := range []int{3, 5} {
		n := 1 << levels
		list = append(list, Mechanism{mechanism.Parity, fmt.Sprintf("valid conditions of a FIFO of %d entries", n),
			Subject{Module: "fifo_valid", Params: par("LEVELS", levels), Files: files("fifo_valid")},
			counted(count{"Adder", n * levels}, count{"Less", n * levels})})
	}
	for _, w := range []int{64, 592} {
		list = append(list, Mechanism{mechanism.Duplicate, fmt.Sprintf("comparison of %d outputs", w),
			Subject{Module: "duplicate_compare", Params: par("WIDTH", w), Files: files("duplicate_compare", "alarm")},
			counted(append([]count{{"Comparator", w}}, alarm...)...)})
	}
	for _, clocks := range []int{0, 2} {
		const width, entering = 592, 216
		list = append(list, Mechanism{mechanism.Lockstep, fmt.Sprintf("comparison of %d outputs, %d clocks apart", width, clocks),
			Subject{Module: "lockstep_compare", Params: par("WIDTH", width, Param{"ENTERING", entering}, Param{"CLOCKS", clocks}), Files: files("lockstep_compare", "alarm")},
			counted(append([]count{{"Comparator", width}, {"Flop", clocks * (width + entering)}}, alarm...)...)})
	}
	list = append(list, Mechanism{mechanism.Triplicate, "32 flops in three copies, voters",
		Subject{Module: "triplicate", Params: par("WIDTH", 32), Files: files("triplicate")},
		counted(count{"Flop", 3 * 32}, count{"Voter", 32})})
	// netlist/gates.go: eight trees of 27 bits at every port, and correction at readers.
	list = append(list, Mechanism{mechanism.SECDED, "coder of a writing port",
		Subject{Module: "secded_encoder", Files: files("secded_encoder")}, counted(count{"XOR", 8 * 26})})
	list = append(list, Mechanism{mechanism.SECDED, "decoder of a reading port",
		Subject{Module: "secded_decoder", Files: files("secded_decoder", "secded_encoder")},
		counted(count{"XOR", 8 * 26}, count{"Comparator", 64 * 8}, count{"XOR", 64})})
	list = append(list, Mechanism{mechanism.Watchdog, "the whole",
		Subject{Module: "watchdog", Files: files("watchdog", "alarm")}, ofChecker(mechanism.Watchdog, isa.U55x128)})
	for _, s := range stageDigits {
		joins := 2 * (s.Digits - 1)
		list = append(list, Mechanism{mechanism.Residue, fmt.Sprintf("counters of stage %s", s.Stage),
			Subject{Module: "residue_check", Params: par("DIGITS", s.Digits), Files: files("residue_check", "residue_mod3", "alarm")},
			counted(append([]count{{"Flop", 3}, {"Adder", 4 * joins}, {"Comparator", 3}}, alarm...)...)})
	}
	list = append(list, Mechanism{mechanism.StreamCRC, "the whole",
		Subject{Module: "weight_crc", Files: files("weight_crc", "alarm")}, ofChecker(mechanism.StreamCRC, isa.U55x128)})
	// The larger configurations have the column of a pixel two and four times.
	for _, c := range []isa.Config{isa.U55x32, isa.U55x64} {
		s := c.Spec()
		list = append(list, Mechanism{mechanism.Checksum, "the whole, " + c.String(),
			Subject{Module: "acc_checksum", Params: par("PIXELS", s.UBlockH*s.UBlockW, Param{"CHANNELS", s.UBlockD}), Files: files("acc_checksum", "alarm")},
			ofChecker(mechanism.Checksum, c)})
	}
	return list
}
