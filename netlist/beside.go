package netlist

// Beside lists the flops that an event of n cells hits, by the place of the first: a
// run of neighbouring bits of one element, upwards and, from its upper end on, below
// the first. Elements of one bit stand side by side. There are fewer where the
// element is narrower. Where flops are placed is not public (our choice).
func (t *Table) Beside(id SiteID, n int) []SiteID {
	p, err := t.Place(id)
	if err != nil || n < 2 {
		return []SiteID{id}
	}
	r := p.Register
	first, end := r.First, r.First+SiteID(r.Bits())
	if r.Width > 1 {
		within := func(k SiteID) bool {
			q, err := t.Place(k)
			return err == nil && q.Register == r && q.Element == p.Element
		}
		for first, end = id, id+1; first > r.First && within(first-1); {
			first--
		}
		for within(end) {
			end++
		}
	}
	return Run(id, first, end, n)
}

// Run lists n of the sites from first to before end: upwards from one, and then
// those below it.
func Run(id, first, end SiteID, n int) []SiteID {
	list := []SiteID{id}
	for k := id + 1; k < end && len(list) < n; k++ {
		list = append(list, k)
	}
	for k := id; k > first && len(list) < n; k-- {
		list = append(list, k-1)
	}
	return list
}
