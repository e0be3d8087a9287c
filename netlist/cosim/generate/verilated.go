package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// verilated is where the comparison of the Verilog itself is stored (netlist/rtl/verilate).
const verilated = "netlist/rtl/verilated.json"

// verilog is a block whose Verilog ran beside the machine in Verilator.
type verilog struct {
	NPU         string `json:"npu"`
	Block       string `json:"block"`
	Verilator   string `json:"verilator"`
	Digest      string `json:"gates_digest"`
	Clocks      int    `json:"clocks"`
	Flips       int    `json:"flips"`
	Disturbed   int    `json:"disturbed_clocks"`
	Differences int    `json:"differences"`
}

func readVerilated(file string) ([]verilog, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r struct {
		Blocks []verilog `json:"blocks"`
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r.Blocks, nil
}

// writeVerilated is the part of the page about the Verilog itself. Gates that are other ones
// today say that the Verilog is, too.
func writeVerilated(w *bytes.Buffer, list []verilog, blocks []*block) {
	fmt.Fprint(w, verilatedText)
	fmt.Fprintln(w, "| block | NPU | Verilator | clocks | flips | clocks with flips | differences | Verilog |")
	fmt.Fprintln(w, "|---|---|---|---:|---:|---:|---:|---|")
	for _, v := range list {
		state := "earlier"
		for _, b := range blocks {
			if b.NPU == v.NPU && b.Block == v.Block && b.Digest == v.Digest {
				state = "present"
			}
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", v.Block, v.NPU, v.Verilator, thousands(v.Clocks), thousands(v.Flips), thousands(v.Disturbed), thousands(v.Differences), state)
	}
}
