package protect

import (
	"fmt"
	"slices"

	"upset/faults/campaign"
	"upset/netlist"
	"upset/stats/result"
)

// largeBuffers are the weight buffer and the FIFOs of the DMA: a third of all flops,
// regular enough that a chip may well hold them in RAM macros (our choice; no public
// source says which of them are flops).
var largeBuffers = []string{"wd.buf", "dma.wgtfifo", "dma.sclfifo", "dma.ifm.fifo", "dma.m2m.fifo", "dma.cmdfifo"}

// idleBank is one of the four configuration banks. The register header of the driver
// names four; at any time at most three hold an operation or its successor, so that one
// of them is never used.
var idleBank = []string{"cc.bank0"}

// Inventories are the readings that stand beside the built-in inventory.
func Inventories() []Inventory {
	return []Inventory{
		{Name: "without the idle configuration bank", Unused: idleBank},
		{Name: "large buffers as protected RAM", RAM: largeBuffers},
		{Name: "both", Unused: idleBank, RAM: largeBuffers},
	}
}

// leavesOut reports whether the inventory has no flop at a site.
func (v Inventory) leavesOut(t *netlist.Table, id netlist.SiteID) bool {
	if len(v.RAM) == 0 || int(id) >= t.Bits() {
		return false
	}
	p, err := t.Place(id)
	return err == nil && slices.Contains(v.RAM, p.Register.Name)
}

// apply takes the bits that the inventory lacks out of the evidence.
func (v Inventory) apply(ev *Evidence, groups []campaign.Group, t *netlist.Table) {
	for _, name := range slices.Concat(v.RAM, v.Unused) {
		i := slices.IndexFunc(t.Registers, func(r netlist.Register) bool { return r.Name == name })
		if i < 0 {
			continue // TestInventoriesExist looks
		}
		r := &t.Registers[i]
		g := slices.IndexFunc(groups, func(g campaign.Group) bool {
			return g.Block == r.Block && g.Class == r.Class.String() && !g.SRAM
		})
		scale := 1.0
		if g >= 0 && groups[g].Scale != 0 {
			scale = groups[g].Scale
		}
		bits := float64(r.Bits()) * scale
		ev.FlopBits -= bits
		for k := range ev.Units {
			if u := &ev.Units[k]; u.Block == r.Block && u.Class == r.Class && !u.SRAM && (u.Register == "" || u.Register == r.Name) {
				u.Bits = max(0, u.Bits-bits)
			}
		}
	}
}

// inventories judges the unprotected and the chosen design under every inventory, by
// calculation on the records of the campaign.
func (r *run) inventories(pr *Problem, a Assignment) error {
	r.out.Inventories = nil
	for _, v := range append([]Inventory{{Name: r.inventoryName()}}, Inventories()...) {
		x, bare, chosen, err := r.reading(pr, a, v, r.o.Deadline)
		if err != nil {
			return fmt.Errorf("inventory %s: %w", v.Name, err)
		}
		if x == nil {
			return nil
		}
		r.out.Inventories = append(r.out.Inventories, result.InventoryReading{Name: v.Name, FlopBits: x.Evidence.FlopBits, Unprotected: bare, Chosen: chosen})
	}
	return nil
}

// reading judges the unprotected and a given design on the records, read in another way.
// It is nil for a mission mix, which has no records of its own.
func (r *run) reading(pr *Problem, a Assignment, v Inventory, within campaign.Deadline) (x *Problem, bare, chosen result.Alternative, err error) {
	other := *r
	other.nets = slices.Clone(r.nets)
	for i := range other.nets {
		n := &other.nets[i]
		if n.mixed {
			return nil, bare, chosen, nil
		}
		if n.ev, err = gatherAs(n.stored, n.bench.Table(), n.caught, view{v, within, n.view.registers, n.view.part}); err != nil {
			return nil, bare, chosen, err
		}
	}
	if x, err = other.problemBeside(pr.Target.Margin, pr.set); err != nil {
		return nil, bare, chosen, err
	}
	for _, c := range []struct {
		to *result.Alternative
		a  Assignment
	}{{&bare, x.none()}, {&chosen, a}} {
		e, err := x.Evaluate(c.a)
		if err != nil {
			return nil, bare, chosen, err
		}
		if *c.to, err = r.alternative(e, priced(x.Choices(c.a))); err != nil {
			return nil, bare, chosen, err
		}
	}
	return x, bare, chosen, nil
}

// credits judges both without the credit of each of the NPU's own detectors, and without
// any: the case in which no status is believed. What a bus error ends then counts as if
// the address had answered, and violates.
func (r *run) credits(pr *Problem, a Assignment) error {
	r.out.Credits = nil
	names := append(campaign.DetectorNames(), "all")
	for _, name := range names {
		ignored, err := campaign.ParseDetectors(name)
		if err != nil {
			return err
		}
		within := r.o.Deadline
		within.Ignored |= ignored
		x, bare, chosen, err := r.reading(pr, a, Inventory{}, within)
		if err != nil {
			return fmt.Errorf("without %s: %w", name, err)
		}
		if x == nil {
			return nil
		}
		r.out.Credits = append(r.out.Credits, result.CreditReading{Without: name, Unprotected: bare, Chosen: chosen})
	}
	return nil
}

// inventoryName names the inventory that decides.
func (r *run) inventoryName() string {
	if name := r.stored().Spec.Inventory; name != "" {
		return name
	}
	return "built-in"
}
