package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/models/inputs"
	"upset/models/network"
	"upset/models/readings"
	"upset/stats/report"
	"upset/stats/result"
)

func runCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "one inference: outputs, cycles by operation, PMU counters",
		ArgsUsage: "MODEL",
		Description: `Runs one inference on the cycle-level machine and checks it against the
functional machine; if the two differed, no result would be given.

Examples:
  upset run testdata/models/fashion-dscnn.tflite
  upset run --npu u55-256 --input picture.npy --output-dir out net.tflite
  upset run net_vela.tflite --format json
  upset run net_vela.tflite --system alif-ensemble-he --pmu board.log

Input files: .bin holds the raw little-endian tensors in graph order, .npy one
array, .npz one for each input, .png and .jpg a picture, .wav sound as samples.
Floats are quantised as the input says. "-" reads raw tensors from the standard
input.

--pmu compares counters that were read elsewhere. FILE is a reading in YAML as in
testdata/readings, or any text with lines such as "NPU ACTIVE: 404973 cycles",
"axi0_rd_data_beat_received : 125388" or "npu_idle,635": the public names of PMU
events and whole numbers. Other lines are ignored.`,
		Flags: commonFlags(append(pictureFlags(),
			&cli.StringFlag{Name: "input", Usage: "input `FILE` (.bin, .npy, .npz, .png, .jpg or .wav); without it all bytes are zero"},
			framesFlag(),
			&cli.StringFlag{Name: "output-dir", Usage: "`DIR` for output.bin and one .npy file per output"},
			&cli.StringFlag{Name: "trace", Usage: "`FILE` for a trace that Chrome and Perfetto show; with .csv, a list of operations"},
			&cli.StringFlag{Name: "pmu", Usage: "`FILE` with counters of a board or another simulator, to compare"},
		)...),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "MODEL")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			return p.run(c, o, args[0])
		},
	}
}

// run performs upset run.
func (p *program) run(c *cli.Context, o common, file string) error {
	n, err := openModel(c.Context, file, o.choice())
	if err != nil {
		return err
	}
	frames, err := readFrames(c)
	if err != nil {
		return err
	}
	var rates heard
	reading, err := readReading(c.String("pmu"))
	if err != nil {
		return err
	}
	input, source := make([]byte, n.InputBytes()*frames), "zero"
	if name := c.String("input"); name != "" && frames > 1 {
		source = filepath.Base(name)
		if input, err = readSequence(name, p.stdin, len(input)); err != nil {
			return err
		}
	} else if name := c.String("input"); name != "" {
		source = filepath.Base(name)
		pictures, err := readPictureFlags(c)
		if err != nil {
			return err
		}
		pictures.Unsure = rates.hear
		if input, err = readInput(name, p.stdin, n, pictures); err != nil {
			return err
		}
	} else {
		p.note("no --input: all %d bytes of the input are zero", len(input))
	}
	p.noteSound(rates)
	for _, dir := range []string{c.String("output-dir"), o.out} {
		if dir == "" {
			continue
		}
		if err := makeFolder(dir); err != nil {
			return err
		}
	}
	run := newInference(c.Context, o.system)
	run.frames = frames
	total := 0
	for _, q := range n.Programs() {
		total += frames * len(q.Operations)
	}
	bar := p.progress("operations", total)
	run.show = bar.set
	out, err := p.runTraced(run, c.String("trace"), n, input)
	bar.finish()
	if err != nil {
		return err
	}
	if dir := c.String("output-dir"); dir != "" {
		if err := writeOutputs(dir, run.outputs, out); err != nil {
			return err
		}
	}
	r := result.Run{
		NPU: n.Config.String(), Model: modelName(file), Cycles: int64(run.cycles), Input: source,
		Operations: run.operations, PMU: pmu(&run.events), Outputs: describeOutputs(run.outputs, out),
		StateDigest: run.digest(), Command: p.command(),
	}
	for _, op := range r.Operations {
		r.MACs += op.MACs
	}
	if source == "zero" {
		r.Warnings = append(r.Warnings, result.Warning{Code: "zero_input", Message: "no input was given, all bytes are zero: give one with --input"})
	}
	if w, ok := rates.warning(); ok {
		r.Warnings = append(r.Warnings, w)
	}
	if reading != nil {
		r.Reading = readings.Compare(reading, &run.events, run.detailed())
		warnings, err := otherRun(reading, file, n.Config.String(), c.String("system"))
		if err != nil {
			return err
		}
		r.Warnings = append(r.Warnings, warnings...)
	}
	return p.emit(o, "run", r)
}

// runTraced runs the network and writes the trace, if one is asked for.
func (p *program) runTraced(run *inference, trace string, n *network.Network, input []byte) (out []byte, err error) {
	switch {
	case trace == "":
		return run.run(n, input)
	case filepath.Ext(trace) != ".csv":
		return p.runDrawn(run, trace, n, input)
	}
	err = report.WriteFileAtomic(trace, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		run.trace = b
		fmt.Fprintln(b, "cycle,event,operation,kind,name")
		if out, err = run.run(n, input); err != nil {
			return err
		}
		return b.Flush()
	})
	return out, err
}

// describeOutputs splits the concatenated outputs.
func describeOutputs(list []network.Binding, out []byte) []result.Output {
	var outputs []result.Output
	for _, b := range list {
		sum := sha256.Sum256(out[:b.Size])
		outputs = append(outputs, result.Output{
			Name: b.Name, Shape: b.Shape, Type: b.Type.String(), SHA256: hex.EncodeToString(sum[:]), Top1: inputs.Top1(b, out[:b.Size]),
		})
		out = out[b.Size:]
	}
	return outputs
}

// writeOutputs stores the raw outputs and one array per output.
func writeOutputs(dir string, outputs []network.Binding, out []byte) error {
	err := report.WriteFileAtomic(filepath.Join(dir, "output.bin"), func(w io.Writer) error {
		_, err := w.Write(out)
		return err
	})
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for i, b := range outputs {
		name := fileName(b.Name)
		if name == "" || used[name] {
			name = fmt.Sprintf("%s_%d", name, i)
		}
		used[name] = true
		data := out[:b.Size]
		out = out[b.Size:]
		err := report.WriteFileAtomic(filepath.Join(dir, name+".npy"), func(w io.Writer) error {
			return inputs.WriteNPY(w, b.Type, b.Shape, data)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// maxFileName bounds the length of a file name made from a tensor's name (our
// choice, below the 255 bytes of common file systems).
const maxFileName = 100

// fileName makes a plain file name of a tensor's name.
func fileName(tensor string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, tensor)
	name = strings.TrimLeft(name, ".")
	return name[:min(len(name), maxFileName)]
}

// quoteCSV is a name as a field of a CSV line, see [report.Cell].
func quoteCSV(name string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	// A string builder does not fail.
	_ = w.Write([]string{report.Cell(name)})
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}
