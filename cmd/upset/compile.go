package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"upset/models/network"
	"upset/models/tflite"
	"upset/npu/isa"
	"upset/stats/report"
)

// compilation is the summary of a compiled network.
type compilation struct {
	NPU   string `json:"npu"`
	Model string `json:"model"`
	// Compiler is "upset" or, for a file that was compiled before, "vela".
	Compiler   string              `json:"compiler"`
	Programs   int                 `json:"programs"` // NPU parts of the network
	HostOps    int                 `json:"host_operators"`
	Words      int                 `json:"stream_words"`
	Arena      int                 `json:"arena_bytes"` // of the largest part
	Flash      int                 `json:"flash_bytes"`
	Weights    int64               `json:"weight_bytes"` // encoded, each stretch of memory counted once
	Scales     int64               `json:"scale_bytes"`
	MACs       int64               `json:"macs"`
	Operations []compiledOperation `json:"operations"`
	File       *compiledFile       `json:"file,omitempty"`
	Command    string              `json:"command,omitempty"`
}

// compiledOperation is one operation of a command stream.
type compiledOperation struct {
	Index    int    `json:"index"`
	Program  int    `json:"program"`
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Layer    int    `json:"layer"`
	Source   int    `json:"source_operator"` // -1 where it is not known
	MACs     int64  `json:"macs"`
	OFM      []int  `json:"ofm,omitempty"`   // height, width, depth
	Block    []int  `json:"block,omitempty"` // height, width, depth of the OFM block
	IFMDepth int    `json:"ifm_block_depth,omitempty"`
	Kernel   []int  `json:"kernel,omitempty"` // height, width
	Traverse string `json:"traversal,omitempty"`
	BlockDep int    `json:"blockdep"`
	Weights  int64  `json:"weight_bytes"`
	Scales   int64  `json:"scale_bytes"`
	Moved    int64  `json:"dma_bytes"`
}

// compiledFile is the container that was written.
type compiledFile struct {
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func compileCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "compile",
		Usage:     "compile a network: operations, blocks, weights, arena, and a .tflite file",
		ArgsUsage: "MODEL",
		Description: `Compiles an int8 network for the selected NPU and prints its operations. With
--out it also writes the result as a .tflite file in the form of Vela's, with one
custom operator "ethos-u", which upset and the runtime of the NPU load.

Examples:
  upset compile testdata/models/fashion-tiny.tflite
  upset compile net.tflite --npu u55-256 --out net_u55-256.tflite
  upset compile net.tflite --format json`,
		Flags: fileFlags("the compiled network (.tflite)"),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "MODEL")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			return p.compile(c.Context, o, args[0])
		},
	}
}

// compile performs upset compile.
func (p *program) compile(ctx context.Context, o common, file string) error {
	n, err := openModel(ctx, file, o.choice())
	if err != nil {
		return err
	}
	r := summarise(n)
	r.Model, r.Command = modelName(file), p.command()
	if o.out != "" {
		m, err := n.Container()
		if err != nil {
			return usage("%s: %w", file, err)
		}
		if r.File, err = writeContainer(o.out, m, n.Config); err != nil {
			return err
		}
	}
	return r.write(p.stdout, o.format)
}

// writeContainer writes a compiled network, after reading it back.
func writeContainer(name string, m *tflite.Model, c isa.Config) (*compiledFile, error) {
	data, err := m.Marshal()
	if err != nil {
		return nil, err
	}
	if _, err := network.Open(data, c); err != nil {
		return nil, fmt.Errorf("the compiled network cannot be read back: %w", err)
	}
	sum := sha256.Sum256(data)
	f := &compiledFile{Bytes: len(data), SHA256: hex.EncodeToString(sum[:])}
	return f, report.WriteFileAtomic(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// summarise describes all NPU parts of a network.
func summarise(n *network.Network) compilation {
	r := compilation{NPU: n.Config.String(), Compiler: "upset"}
	if n.Precompiled() {
		r.Compiler = "vela"
	}
	for _, s := range n.Stages {
		if s.Program == nil {
			r.HostOps++
			continue
		}
		r.addProgram(s.Program)
		r.Programs++
	}
	return r
}

// addProgram describes one command stream.
func (r *compilation) addProgram(p *network.Program) {
	r.Words += len(p.Commands)
	r.Arena, r.Flash = max(r.Arena, p.SRAMBytes()), r.Flash+len(p.Flash)
	walk := streamWalk{seen: map[stretch]bool{}}
	for _, op := range p.Operations {
		d := walk.to(p.Commands, op.Word)
		line := compiledOperation{
			Index: len(r.Operations), Program: r.Programs, Name: op.Name, Kind: op.Kind, Layer: op.Layer, Source: op.SourceOp, MACs: op.MACs,
		}
		r.MACs += op.MACs
		if d.Op == isa.OpDMAStart {
			line.Moved = int64(walk.dma())
			r.Operations = append(r.Operations, line)
			continue
		}
		line.OFM, line.Block = []int{d.OFMH, d.OFMW, d.OFMD}, []int{d.BlkH, d.BlkW, d.BlkD}
		line.BlockDep = d.BlockDep
		if d.Op != isa.OpElementwise {
			line.IFMDepth, line.Kernel = d.IFMBlkD, []int{d.KH, d.KW}
		}
		if d.UsesWeights {
			line.Weights = int64(d.WeightLen)
			r.Weights += walk.first(d.WeightReg, d.WeightBase, d.WeightLen)
			line.Traverse = "depth first"
			if d.Op == isa.OpDepthwise {
				line.Traverse = "depthwise"
			} else if d.PartKernel {
				line.Traverse = "part kernel first"
			}
		}
		if d.UsesScales {
			line.Scales = int64(d.ScaleLen)
			r.Scales += walk.first(d.ScaleReg, d.ScaleBase, d.ScaleLen)
		}
		r.Operations = append(r.Operations, line)
	}
}

// write prints the summary in a format.
func (r compilation) write(w io.Writer, format string) error {
	switch format {
	case report.FormatJSON:
		return report.Write(w, format, r)
	case report.FormatCSV:
		return r.writeCSV(w)
	}
	fmt.Fprintf(w, "%s on %s, compiled by %s\n", report.Plain(r.Model), r.NPU, r.Compiler)
	fmt.Fprintf(w, "NPU parts %d, host operators %d, command words %d, MACs %d\n", r.Programs, r.HostOps, r.Words, r.MACs)
	fmt.Fprintf(w, "arena %d bytes, flash %d bytes, of which weights %d and scales %d\n\n", r.Arena, r.Flash, r.Weights, r.Scales)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, record := range r.records(" x ", report.Plain) {
		name := len(record) - 1
		for _, field := range record[:name] {
			fmt.Fprint(t, field, "\t")
		}
		fmt.Fprintln(t, " ", shorten(record[name]))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("summary: %w", err)
	}
	if r.File != nil {
		fmt.Fprintf(w, "\nwritten: %d bytes, SHA-256 %s\n", r.File.Bytes, r.File.SHA256)
	}
	return nil
}

// shorten cuts a long name for a line of text.
func shorten(name string) string {
	const most = 60 // our choice
	if r := []rune(name); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return name
}

// writeCSV prints the operations.
func (r compilation) writeCSV(w io.Writer) error {
	if err := csv.NewWriter(w).WriteAll(r.records("x", report.Cell)); err != nil {
		return fmt.Errorf("summary: %w", err)
	}
	return nil
}

// records are the rows of the table, the titles first; foreign writes a name that
// comes from the model.
func (r compilation) records(times string, foreign func(string) string) [][]string {
	list := [][]string{{"index", "layer", "kind", "OFM", "block", "IFM depth", "kernel", "traversal", "blockdep", "weights", "scales", "DMA", "MACs", "name"}}
	bytes := func(n int64) string {
		if n == 0 {
			return "-"
		}
		return strconv.FormatInt(n, 10)
	}
	size := func(dims []int) string {
		if len(dims) == 0 {
			return "-"
		}
		text := strconv.Itoa(dims[0])
		for _, d := range dims[1:] {
			text += times + strconv.Itoa(d)
		}
		return text
	}
	for _, op := range r.Operations {
		dep := "-"
		if op.Block != nil {
			dep = strconv.Itoa(op.BlockDep)
		}
		list = append(list, []string{
			strconv.Itoa(op.Index), strconv.Itoa(op.Layer), op.Kind, size(op.OFM), size(op.Block), bytes(int64(op.IFMDepth)), size(op.Kernel),
			cmp.Or(op.Traverse, "-"), dep, bytes(op.Weights), bytes(op.Scales), bytes(op.Moved), bytes(op.MACs), foreign(op.Name),
		})
	}
	return list
}
