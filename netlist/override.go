package netlist

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	yaml "go.yaml.in/yaml/v3"
)

// Override replaces figures of the built-in inventory by a user's own, block by
// block. The machine itself stays as it is: a flop count scales the weight of
// the block's simulated flops, it does not add any. An example file:
//
//	# Figures of our own build. Every key is optional.
//	blocks:
//	  mac:
//	    flops: 14200          # flip-flops
//	    flop_area_ge: 99400   # their area; without it flops × area of one flop
//	    comb_area_ge: 180000  # area of the combinational logic
//	    flop_fit: 1.1e-4      # raw rate of one flop in FIT
//	  sb:
//	    sram_bits: 221184     # SRAM bits, check bits included
//	    sram_fit: 2.0e-5      # raw rate of one SRAM bit in FIT
//
// Blocks are cc, traversal, dma, wd, mac, ao, sb and pmu. Unknown keys, unknown
// blocks and negative figures are errors.
type Override struct {
	Blocks map[string]BlockOverride `yaml:"blocks"`
}

// BlockOverride holds the figures of one block; nil keeps the built-in figure.
type BlockOverride struct {
	Flops    *Count  `yaml:"flops"`
	SRAMBits *Count  `yaml:"sram_bits"`
	FlopArea *Figure `yaml:"flop_area_ge"`
	CombArea *Figure `yaml:"comb_area_ge"`
	FlopFIT  *Figure `yaml:"flop_fit"`
	SRAMFIT  *Figure `yaml:"sram_fit"`
}

// overrideLimit bounds the size of an override file in bytes.
const overrideLimit = 1 << 20

// LoadOverride reads an override file.
func LoadOverride(r io.Reader) (*Override, error) {
	data, err := io.ReadAll(io.LimitReader(r, overrideLimit+1))
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	if len(data) > overrideLimit {
		return nil, fmt.Errorf("inventory: the file is larger than %d bytes", overrideLimit)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	var o Override
	if err := d.Decode(&o); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("inventory: the file is empty: it must have the key blocks")
		}
		return nil, fmt.Errorf("inventory: %w", err)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("inventory: the file holds more than one document")
	}
	if len(o.Blocks) == 0 {
		return nil, errors.New("inventory: the file names no block under the key blocks")
	}
	for _, name := range slices.Sorted(maps.Keys(o.Blocks)) {
		if !slices.Contains(blockOrder[:], name) {
			return nil, fmt.Errorf("inventory: unknown block %q: use one of %v", name, blockOrder)
		}
		if err := o.Blocks[name].check(); err != nil {
			return nil, fmt.Errorf("inventory: block %s: %w", name, err)
		}
	}
	return &o, nil
}

// countLimit bounds flop and SRAM counts, so that no sum can overflow.
const countLimit = 1 << 30

// figureLimit bounds areas in gate equivalents and rates in FIT, so that no product
// or sum leaves the range of a float (our choice: far beyond any chip).
const figureLimit = 1e12

func (b BlockOverride) check() error {
	for _, v := range []struct {
		key string
		n   *Count
	}{{"flops", b.Flops}, {"sram_bits", b.SRAMBits}} {
		if v.n != nil && (*v.n < 0 || *v.n > countLimit) {
			return fmt.Errorf("%s is %d: use a count from 0 to %d", v.key, *v.n, countLimit)
		}
	}
	for _, v := range []struct {
		key string
		x   *Figure
	}{{"flop_area_ge", b.FlopArea}, {"comb_area_ge", b.CombArea}, {"flop_fit", b.FlopFIT}, {"sram_fit", b.SRAMFIT}} {
		if v.x != nil && !(*v.x >= 0 && *v.x <= figureLimit) {
			return fmt.Errorf("%s is %v: use a number from 0 to %v", v.key, *v.x, float64(figureLimit))
		}
	}
	return nil
}

// Apply returns the areas with the figures of the override in place. A flop
// count without an area is charged at the cost of one flop; costs may be nil for
// the defaults. A nil override changes nothing.
func (o *Override) Apply(areas []BlockArea, c *Costs) []BlockArea {
	if c == nil {
		c = DefaultCosts()
	}
	out := slices.Clone(areas)
	for i := range out {
		b, ok := o.block(out[i].Block)
		if !ok {
			continue
		}
		a := &out[i]
		if b.Flops != nil {
			a.Flops = int(*b.Flops)
			a.FlopGE = float64(a.Flops) * c.Flop
		}
		if b.SRAMBits != nil {
			a.SRAMBits = int(*b.SRAMBits)
		}
		set(&a.FlopGE, b.FlopArea)
		set(&a.CombGE, b.CombArea)
	}
	return out
}

// FlopScale is the factor by which the override changes the number of flops of
// a block that has the given number of simulated ones.
func (o *Override) FlopScale(block string, flops int) float64 {
	b, ok := o.block(block)
	if !ok || b.Flops == nil || flops == 0 {
		return 1
	}
	return float64(*b.Flops) / float64(flops)
}

// SRAMScale is the same factor for SRAM bits.
func (o *Override) SRAMScale(block string, bits int) float64 {
	b, ok := o.block(block)
	if !ok || b.SRAMBits == nil || bits == 0 {
		return 1
	}
	return float64(*b.SRAMBits) / float64(bits)
}

// Rates returns the raw rates in FIT of a flop and of an SRAM bit of a block,
// given the rates that hold without the override.
func (o *Override) Rates(block string, flop, sram float64) (flopFIT, sramFIT float64) {
	if b, ok := o.block(block); ok {
		set(&flop, b.FlopFIT)
		set(&sram, b.SRAMFIT)
	}
	return flop, sram
}

func (o *Override) block(name string) (BlockOverride, bool) {
	if o == nil {
		return BlockOverride{}, false
	}
	b, ok := o.Blocks[name]
	return b, ok
}

func set(dst *float64, v *Figure) {
	if v != nil {
		*dst = float64(*v)
	}
}
