package main

import (
	"bytes"

	"github.com/urfave/cli/v2"

	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/stats/result"
)

// eccNames are the codes of the shared buffer as written on the command line.
var eccNames = map[string]npu.ECC{"none": npu.ECCNone, "parity": npu.ECCParity, "secded": npu.ECCSECDED}

func eccFlag() cli.Flag {
	return &cli.StringFlag{Name: "ecc", Value: "secded", Usage: "code of the shared buffer: none, parity or secded"}
}

func inventoryFlag() cli.Flag {
	return &cli.StringFlag{Name: "inventory", Usage: "`FILE.yaml` with flop counts, areas and rates of your own build"}
}

// readECC reads the flag --ecc.
func readECC(c *cli.Context) (npu.ECC, error) {
	e, ok := eccNames[c.String("ecc")]
	if !ok {
		return 0, usage("unknown code %q: use none, parity or secded", c.String("ecc"))
	}
	return e, nil
}

// readInventory reads the flag --inventory; nil stands for the built-in one.
func readInventory(c *cli.Context) (*netlist.Override, error) {
	return loadInventory(c.String("inventory"))
}

// loadInventory reads an inventory file; an empty name is the built-in one.
func loadInventory(file string) (*netlist.Override, error) {
	if file == "" {
		return nil, nil
	}
	data, err := readFile(file, maxYAML)
	if err != nil {
		return nil, bad(err)
	}
	o, err := netlist.LoadOverride(bytes.NewReader(data))
	if err != nil {
		return nil, usage("%s: %w", file, err)
	}
	return o, nil
}

func sitesCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "sites",
		Usage:     "the inventory: flops, SRAM bits, areas; with MODEL also sites",
		ArgsUsage: "[MODEL]",
		Description: `Lists every register of the machine by block. With MODEL it also counts the
sites of one inference: bits times cycles.

Examples:
  upset sites --npu u55-256
  upset sites testdata/models/fashion-tiny.tflite --format json`,
		Flags: commonFlags(eccFlag(), inventoryFlag()),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "[MODEL]")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			return p.sites(c, o, args)
		},
	}
}

// sites performs upset sites.
func (p *program) sites(c *cli.Context, o common, args []string) error {
	ecc, err := readECC(c)
	if err != nil {
		return err
	}
	inventory, err := readInventory(c)
	if err != nil {
		return err
	}
	n, err := p.sitesNetwork(c, &o, args)
	if err != nil {
		return err
	}
	table := netlist.New(o.config, ecc)
	r := inventoryOf(table, inventory)
	r.Command, r.Inventory = p.command(), "built-in"
	if inventory != nil {
		r.Inventory = c.String("inventory")
		r.Warnings = append(r.Warnings, result.Warning{
			Code: "inventory_override", Subject: r.Inventory,
			Message: "flops and areas of blocks are those of the file; registers are those of the model",
		})
	}
	if n != nil {
		run := newInference(c.Context, o.system)
		if _, err := run.run(n, make([]byte, n.InputBytes())); err != nil {
			return err
		}
		r.Model, r.Cycles = modelName(args[0]), int64(run.cycles)
		r.TotalSites = int64(table.Bits()) * r.Cycles
	}
	return p.emit(o, "sites", r)
}

// sitesNetwork opens the model, if there is one, and takes its configuration.
func (p *program) sitesNetwork(c *cli.Context, o *common, args []string) (*network.Network, error) {
	if len(args) == 0 {
		return nil, nil
	}
	n, err := openModel(c.Context, args[0], o.choice())
	if err != nil {
		return nil, err
	}
	o.config = n.Config
	return n, nil
}

// inventoryOf lists blocks and registers with their areas.
func inventoryOf(t *netlist.Table, override *netlist.Override) result.Sites {
	r := result.Sites{NPU: t.Config.String()}
	index := map[string]int{}
	for i, a := range override.Apply(t.Areas(nil), nil) {
		index[a.Block] = i
		r.Blocks = append(r.Blocks, result.SitesBlock{
			Block: a.Block, Flops: int64(a.Flops), SRAMBits: int64(a.SRAMBits), AreaGE: a.LogicGE(), FlopAreaGE: a.FlopGE,
		})
		r.Flops += int64(a.Flops)
		r.SRAMBits += int64(a.SRAMBits)
		r.AreaGE += a.LogicGE()
	}
	for i := range t.Registers {
		reg := &t.Registers[i]
		b := &r.Blocks[index[reg.Block]]
		b.Registers = append(b.Registers, result.SitesRegister{
			Name: reg.Name, Class: reg.Class.String(), Width: reg.Width, Instances: reg.Count, Bits: int64(reg.Bits()), SRAM: reg.IsSRAM(),
		})
	}
	return r
}
