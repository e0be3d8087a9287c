package report

import (
	"strings"
	"testing"

	"upset/stats/result"
)

// sampleCheck is a network of which one operator runs nowhere.
func sampleCheck() result.Check {
	return result.Check{
		NPU: "u55-128", Model: "net", Format: "TensorFlow Lite model", OnNPU: 1, OnHost: 1, Refused: 1,
		Operators: []result.CheckOperator{
			{Index: 0, Name: "QUANTIZE", Output: "in", Place: "host", Reason: "type float32", Remedy: "set the types of the ends"},
			{Index: 1, Name: "CONV_2D", Output: "a/rather/long/name/of/a/tensor/that/nobody/reads/to/its/end", Place: "npu"},
			{Index: 2, Name: "=Flex", Output: "out", Place: "refused", Reason: "not known", Remedy: "leave it out"},
		},
		Problems: []result.CheckProblem{{Reason: "something is wrong", Remedy: "do this", Lines: []string{"first", "second"}}},
		Advice: []result.CheckAdvice{
			{Where: "operator 2 (=Flex)", Operators: []int{2}, Place: "refused", Remedy: "leave it out"},
			{Where: "operators 0, 3 (QUANTIZE)", Operators: []int{0, 3}, Place: "host", Remedy: "set the types of the ends"},
		},
		Memory: []result.CheckMemory{
			{Memory: "sram", Holds: "arena", Bytes: 3000000, About: true, Size: 2097152},
			{Memory: "flash", Holds: "weights and commands", Bytes: 5000, Size: 4096},
			{Memory: "dram", Holds: "arena", Bytes: 5000, Size: 8192, Fits: true},
		},
		Command: "upset check net.tflite",
	}
}

// What keeps a network from running stands in front of the list of its operators.
func TestCheckNamesTroubleFirst(t *testing.T) {
	text := render(t, FormatText, sampleCheck())
	trouble, list := strings.Index(text, "leave it out"), strings.Index(text, "OPERATORS")
	if trouble < 0 || list < 0 || trouble > list {
		t.Errorf("the remedy is not in front of the list:\n%s", text)
	}
	for _, want := range []string{"cannot run", "operators 0, 3 (QUANTIZE)", "1 on neither", "    first"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
}
