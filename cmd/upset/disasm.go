package main

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/urfave/cli/v2"

	"upset/models/network"
	"upset/npu/isa"
	"upset/stats/report"
)

// listing is the disassembly of every command stream of a network.
type listing struct {
	NPU      string          `json:"npu"`
	Model    string          `json:"model"`
	Programs []streamListing `json:"programs"`
	Command  string          `json:"command,omitempty"`
}

// streamListing is the disassembly of one command stream.
type streamListing struct {
	Name     string           `json:"name"`
	Words    int              `json:"words"`
	Commands []commandListing `json:"commands"`
}

// commandListing is one command: its place in bytes, its fields and what they
// mean.
type commandListing struct {
	Offset  int     `json:"offset"`
	Payload *uint32 `json:"payload,omitempty"` // second word, where there is one
	Param   uint32  `json:"param"`
	Code    uint32  `json:"code"` // opcode and control bits
	Name    string  `json:"name"`
	Value   string  `json:"value,omitempty"`
}

// fileFlags are the common flags for a command that writes a single file: there
// --out names that file.
func fileFlags(what string, more ...cli.Flag) []cli.Flag {
	flags := commonFlags(more...)
	for i, f := range flags {
		if f.Names()[0] == "out" {
			flags[i] = &cli.StringFlag{Name: "out", Usage: "`FILE` for " + what}
		}
	}
	return flags
}

func disasmCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "disasm",
		Usage:     "the command stream of a network, one line per command",
		ArgsUsage: "MODEL",
		Description: `Lists the commands of every NPU part of the network: the offset in bytes, the
payload word, the parameter and the code in hexadecimal, the name of the register
or operation, and its fields in words.

Examples:
  upset disasm testdata/models/fashion-tiny.tflite
  upset disasm --npu u55-256 net_vela.tflite --out net.txt
  upset disasm net.tflite --format json`,
		Flags: fileFlags("the listing; without it, it goes to the standard output"),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "MODEL")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			n, err := openModel(c.Context, args[0], o.choice())
			if err != nil {
				return err
			}
			l := disassemble(n, modelName(args[0]))
			l.Command = p.command()
			return p.writeTo(o.out, func(w io.Writer) error { return l.write(w, o.format, n) })
		},
	}
}

// writeTo writes to a file, atomically, or to the standard output.
func (p *program) writeTo(file string, write func(io.Writer) error) error {
	if file != "" {
		return report.WriteFileAtomic(file, write)
	}
	return write(p.stdout)
}

// disassemble lists the commands of all NPU parts of a network.
func disassemble(n *network.Network, name string) listing {
	l := listing{NPU: n.Config.String(), Model: name}
	for _, p := range n.Programs() {
		s := streamListing{Name: p.Name, Words: len(p.Commands)}
		for _, c := range isa.Disassemble(p.Commands) {
			line := commandListing{Offset: c.Offset, Param: isa.Param(c.Word), Code: c.Word & 0xffff, Name: c.Name, Value: c.Note}
			if c.Long {
				payload := c.Payload
				line.Payload = &payload
			}
			s.Commands = append(s.Commands, line)
		}
		l.Programs = append(l.Programs, s)
	}
	return l
}

// write prints the listing in a format.
func (l listing) write(w io.Writer, format string, n *network.Network) error {
	switch format {
	case report.FormatJSON:
		return report.Write(w, format, l)
	case report.FormatCSV:
		return l.writeCSV(w)
	}
	b := bufio.NewWriter(w)
	for i, p := range n.Programs() {
		if i > 0 {
			fmt.Fprintln(b)
		}
		fmt.Fprintf(b, "# %s on %s, %s: %d words, %d commands\n", report.Plain(l.Model), l.NPU, report.Plain(p.Name), len(p.Commands), len(l.Programs[i].Commands))
		if err := isa.WriteListing(b, p.Commands); err != nil {
			return fmt.Errorf("listing: %w", err)
		}
	}
	return b.Flush()
}

// writeCSV prints one record per command, with numbers in decimal.
func (l listing) writeCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	records := [][]string{{"program", "offset", "payload", "param", "code", "name", "value"}}
	for _, s := range l.Programs {
		for _, line := range s.Commands {
			payload := ""
			if line.Payload != nil {
				payload = strconv.FormatUint(uint64(*line.Payload), 10)
			}
			records = append(records, []string{
				report.Cell(s.Name), strconv.Itoa(line.Offset), payload, strconv.Itoa(int(line.Param)), strconv.Itoa(int(line.Code)), line.Name, line.Value,
			})
		}
	}
	if err := c.WriteAll(records); err != nil {
		return fmt.Errorf("listing: %w", err)
	}
	return nil
}
