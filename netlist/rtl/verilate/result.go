package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"upset/netlist/cosim"
)

// results is the file of results.
type results struct {
	Blocks []*block `json:"blocks"`
}

// block is what the comparison of a block on a configuration gave.
type block struct {
	NPU             string   `json:"npu"`
	Block           string   `json:"block"`
	Parameters      string   `json:"parameters,omitempty"`
	Verilator       string   `json:"verilator"`
	Verilog         string   `json:"verilog_sha256"` // of the module's files
	Gates           string   `json:"gates_digest"`   // that gave the expected outputs
	Registers       int      `json:"registers"`      // elements of arrays count
	Bits            int      `json:"bits"`
	Outputs         int      `json:"outputs"`
	Runs            int      `json:"runs"`
	Clocks          int      `json:"clocks"`           // without flips
	Flips           int      `json:"flips"`            // of random register bits
	Disturbed       int      `json:"disturbed_clocks"` // of the comparison with flips
	Differences     uint64   `json:"differences"`
	GateDifferences int      `json:"gate_differences"` // between machine and gates, which should be none here
	Examples        []string `json:"examples,omitempty"`

	built, ran time.Duration
}

// take reads what the verilated block printed.
func (r *block) take(text string, b *cosim.Block, runs []cosim.Run) error {
	registers := b.Registers()
	r.Registers = len(registers)
	outputs := outputWords(b)
	ended := false
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var kind string
		var index, run int
		var cycle, have, want, clocks, loads uint64
		if n, _ := fmt.Sscanf(line, "end %d %d %d", &clocks, &loads, &r.Differences); n == 3 {
			ended = true
			if clocks != uint64(r.Clocks+r.Disturbed) {
				return fmt.Errorf("the verilated block did %d clocks of %d", clocks, r.Clocks+r.Disturbed)
			}
			continue
		}
		if n, _ := fmt.Sscanf(line, "%s %d %d %d %d %d", &kind, &index, &run, &cycle, &have, &want); n != 6 || run < 0 || run >= len(runs) || index < 0 {
			return fmt.Errorf("the verilated block says %q", line)
		}
		where := ""
		switch {
		case kind == "register" && index < len(registers):
			where = registers[index].Machine + " (" + registers[index].Verilog.String() + ")"
		case kind == "output" && index < len(outputs):
			where = outputs[index]
		default:
			return fmt.Errorf("the verilated block says %q", line)
		}
		example := fmt.Sprintf("%s, cycle %d, %s: the Verilog gives %#x, not %#x", runs[run].Name, cycle, where, have, want)
		if !slices.Contains(r.Examples, example) { // a stretch may be run more than once
			r.Examples = append(r.Examples, example)
		}
	}
	if !ended {
		return errors.New("the verilated block did not report its end")
	}
	r.Differences += uint64(r.GateDifferences)
	return nil
}

// outputWords names the words of the outputs.
func outputWords(b *cosim.Block) []string {
	var out []string
	for _, s := range b.Boundary.Outputs {
		for at := 0; at < s.Width; at += 64 {
			name := "output " + s.Name
			if s.Width > 64 {
				name += fmt.Sprintf("[%d:%d]", min(at+64, s.Width)-1, at)
			}
			out = append(out, name)
		}
	}
	return out
}

// print writes the line of a block, and its differences.
func (r *block) print(w io.Writer) {
	fmt.Fprintf(w, "%-15s %-8s %8d clocks, %5d flips in %8d clocks, %5d registers of %6d bits, %2d outputs: %d differences (built in %.0f s, ran %.0f s)\n",
		r.Block, r.NPU, r.Clocks, r.Flips, r.Disturbed, r.Registers, r.Bits, r.Outputs, r.Differences, r.built.Seconds(), r.ran.Seconds())
	if r.GateDifferences > 0 {
		fmt.Fprintf(w, "  the gates differ from the machine: see upset validate gates --block %s --npu %s\n", r.Block, r.NPU)
	}
	for _, e := range r.Examples {
		fmt.Fprintln(w, " ", e)
	}
}

// readRecord reads the results that a file holds; no file or no name is none.
func readRecord(file string) (*results, error) {
	r := &results{}
	if file == "" {
		return r, nil
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// put replaces the results of a block or adds them, in the order of configurations and blocks of
// a whole run.
func (r *results) put(b *block) {
	for i, x := range r.Blocks {
		if x.NPU == b.NPU && x.Block == b.Block {
			r.Blocks[i] = b
			return
		}
	}
	r.Blocks = append(r.Blocks, b)
}

func (r *results) write(file string) error {
	if file == "" {
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "\t")
	if err := e.Encode(r); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}
