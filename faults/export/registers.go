package export

import (
	"upset/faults"
	"upset/faults/campaign"
	"upset/netlist"
	"upset/stats/result"
)

// Registers counts the records of a campaign by register, in the order of the table.
func Registers(s *campaign.Stored, t *netlist.Table) ([]Register, error) {
	at := map[*netlist.Register]int{}
	list := make([]Register, len(t.Registers))
	for i := range t.Registers {
		r := &t.Registers[i]
		at[r] = i
		list[i] = Register{Name: r.Name, Block: r.Block, Class: r.Class.String(), Bits: r.Bits()}
		if r.IsSRAM() {
			list[i].Class = "sram"
		}
	}
	for i := range s.Records {
		r := &s.Records[i]
		p, err := t.Place(r.Site.ID)
		if err != nil {
			return nil, err
		}
		x := &list[at[p.Register]]
		x.Injections++
		if n := counter(&x.Outcomes, r.Outcome); n != nil {
			*n++
		}
	}
	return list, nil
}

// counter is where an outcome is counted.
func counter(o *result.Outcomes, x faults.Outcome) *int {
	return map[faults.Outcome]*int{
		faults.Masked: &o.Masked, faults.Latent: &o.Latent, faults.SDCTolerable: &o.SDCTolerable, faults.SDCCritical: &o.SDCCritical, faults.StrayWrite: &o.StrayWrite,
		faults.DUEDetected: &o.DUEDetected, faults.DUEHang: &o.DUEHang, faults.Detected: &o.Detected, faults.Corrected: &o.Corrected,
	}[x]
}
