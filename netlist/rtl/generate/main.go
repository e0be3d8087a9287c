// Generate makes the gate-level netlists of the Verilog blocks.
//
//	go run ./netlist/rtl/generate [flags] [module ...]
//
// For every module (all known ones without arguments) and every configuration it
// lets yosys map the block to generic gates and writes
// netlists/<module>-<config>.gates, or <module>.gates where the module does not depend on
// the configuration. It prints file size, flops, gates, logic depth and digest.
//
// A module depends on the configuration when its file has a parameter named HEIGHT, WIDTH
// or PIXELS (rows, columns or both multiplied, of a micro-block), DEPTH (its channels) or LANES
// (element units of the output stage). Modules that it uses are found by their names in the same directory.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"upset/netlist/gate"
	"upset/netlist/rtl"
)

// modules are the blocks that have a second implementation.
var modules = []string{"traversal", "weight_decoder", "mac_array", "output_stage"}

// options are the flags.
type options struct {
	rtl, out, json, check string
}

func main() {
	var o options
	flag.StringVar(&o.rtl, "rtl", "netlist/rtl", "directory of the Verilog files")
	flag.StringVar(&o.out, "out", "netlist/rtl/netlists", "directory of the netlists")
	flag.StringVar(&o.json, "json", "", "write yosys' own netlists, compressed, into this directory instead: for tests")
	flag.StringVar(&o.check, "check", "", "make only the netlist of this name, like mac_array-u55-256, and compare it with its file")
	flag.Parse()
	if err := run(&o, flag.Args(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(o *options, names []string, w io.Writer) error {
	if len(names) == 0 {
		names = modules
	}
	if o.check != "" {
		names = []string{o.check}
		if i := strings.Index(o.check, "-u55-"); i > 0 {
			names[0] = o.check[:i]
		}
	}
	var failures []error
	found := false
	for _, name := range names {
		list, err := rtl.Designs(o.rtl, name)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		for i := range list {
			if o.check != "" && list[i].Name() != o.check {
				continue
			}
			found = true
			if err := o.make(&list[i], w); err != nil {
				failures = append(failures, fmt.Errorf("%s: %w", list[i].Name(), err))
			}
		}
	}
	if !found && len(failures) == 0 {
		return fmt.Errorf("there is no netlist %s", o.check)
	}
	return errors.Join(failures...)
}

// make makes one netlist, or checks it.
func (o *options) make(d *rtl.Design, w io.Writer) error {
	data, err := synthesise(o.rtl, d)
	if err != nil {
		return err
	}
	n, err := gate.FromYosys(bytes.NewReader(data), d.Module)
	if err != nil {
		return err
	}
	file := filepath.Join(o.out, d.Name()+".gates")
	switch {
	case o.check != "":
		return compare(n, file, w)
	case o.json != "":
		file = filepath.Join(o.json, d.Name()+".json.gz")
		if data, err = compact(data); err != nil {
			return err
		}
	default:
		var b bytes.Buffer
		if err := n.Write(&b); err != nil {
			return err
		}
		data = b.Bytes()
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%-28s %8d bytes %6d flops %7d gates %4d levels  %.16s\n",
		d.Name(), len(data), len(n.Flops), len(n.Gates), n.Depth(), n.Digest())
	return err
}

// compact removes the white space of JSON and compresses it.
func compact(data []byte) ([]byte, error) {
	var text, b bytes.Buffer
	if err := json.Compact(&text, data); err != nil {
		return nil, err
	}
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text.Bytes()); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}

// compare compares a netlist with the file that should hold it.
func compare(n *gate.Netlist, file string, w io.Writer) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	stored, err := gate.Read(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if stored.Digest() != n.Digest() {
		return fmt.Errorf("%s holds %.16s, the Verilog gives %.16s", file, stored.Digest(), n.Digest())
	}
	_, err = fmt.Fprintf(w, "%s is what the Verilog gives: %.16s\n", file, n.Digest())
	return err
}

// synthesise runs yosys and returns its netlist as JSON.
func synthesise(verilog string, d *rtl.Design) ([]byte, error) {
	from, err := sources(verilog, d.Module)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "generate")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	output, ys := filepath.Join(dir, "netlist.json"), filepath.Join(dir, "script.ys")
	if err := os.WriteFile(ys, []byte(script(d, from, output)), 0o644); err != nil {
		return nil, err
	}
	log, err := exec.Command("yosys", "-q", "-s", ys).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("yosys is not installed (Debian: apt install yosys)")
	}
	if err != nil {
		return nil, fmt.Errorf("yosys: %w: %s", err, tail(log))
	}
	return os.ReadFile(output)
}

// tail is the end of yosys' log in a line: from its first error on, or the last
// lines.
func tail(log []byte) string {
	text := strings.TrimSpace(string(log))
	if i := strings.Index(text, "ERROR:"); i >= 0 {
		text = text[strings.LastIndexByte(text[:i], '\n')+1:] // with the place in the Verilog
	}
	lines := strings.Split(text, "\n")
	if len(lines) > 6 {
		lines = lines[len(lines)-6:]
	}
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, " | ")
}
