// Command generate writes docs/area.md from the figures in netlist/rtl/areas.json. With
// -update it measures what is missing or has changed first, for which it needs yosys and the
// Liberty files. Run it from the project's root:
//
//	go run ./netlist/rtl/area/generate
//	go run ./netlist/rtl/area/generate -update
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"

	"upset/netlist/rtl/area"
)

func main() {
	update := flag.Bool("update", false, "measure what is missing or has changed")
	all := flag.Bool("all", false, "with -update: measure everything anew")
	osu := flag.String("osu", "/usr/share/qflow/tech/osu018/osu018_stdcells.lib", "Liberty file of the OSU library, in Debian's package qflow-tech-osu018")
	ihp := flag.String("ihp", filepath.FromSlash("../shared/liberty/sg13g2_stdcell_typ_1p20V_25C.lib"), "Liberty file of the IHP library, from IHP-Open-PDK")
	root := flag.String("rtl", filepath.FromSlash("netlist/rtl"), "where the Verilog files lie")
	out := flag.String("out", filepath.FromSlash("docs/area.md"), "page to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := error(nil)
	if *update {
		err = measure(ctx, *root, *all, area.Libraries(*osu, *ihp))
	}
	if err == nil {
		err = write(*root, *out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// measure synthesises and writes the figures.
func measure(ctx context.Context, root string, all bool, libraries []area.Source) error {
	name := filepath.Join(root, area.Name)
	earlier, err := area.Read(name)
	switch {
	case all || errors.Is(err, fs.ErrNotExist):
		earlier = nil
	case err != nil:
		return err
	}
	subjects, err := area.Subjects(root)
	if err != nil {
		return err
	}
	save := func(f *area.File) error { return f.Write(name) }
	f, err := area.Measure(ctx, root, libraries, subjects, earlier, save)
	if err != nil {
		return err
	}
	return f.Write(name)
}

func write(root, out string) error {
	f, err := area.Read(filepath.Join(root, area.Name))
	if err != nil {
		return err
	}
	page, err := area.Page(f, root)
	if err != nil {
		return err
	}
	return os.WriteFile(out, page, 0o644)
}
