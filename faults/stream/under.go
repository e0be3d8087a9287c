package stream

import "upset/npu"

// Under lists the operations under way in a state and the first one that has not
// begun.
func (f *Stream) Under(s *npu.Flops) (list []int, next int) {
	next = f.opAt[min(f.Where(s), len(f.Commands))]
	busy := 0
	for _, v := range s.CC.OpValid {
		busy += int(v)
	}
	dma := s.DMA.M2M.On != 0 || s.CC.DMAOut != 0
	for i := next - 1; i >= 0 && (busy > 0 || dma); i-- {
		switch {
		case f.Ops[i].Host:
		case !f.Ops[i].DMA && busy > 0:
			busy--
			list = append(list, i)
		case f.Ops[i].DMA && dma:
			dma = false
			list = append(list, i)
		}
	}
	return list, next
}

// Reads reports whether an operation under way may still read its inputs.
func (f *Stream) Reads(s *npu.Flops, op int) bool {
	o := &f.Ops[op]
	if o.DMA {
		return true
	}
	bank := o.Bank
	ifm := &s.DMA.IFM
	// At most two operations are under way. Those that the input stage has not
	// passed lie at its bank or, where that is under way too, behind it.
	at := s.Trav.IFM.Bank
	passed := at != bank && (at == (bank+1)&3 || s.CC.OpValid[at&3] == 0)
	return !passed || ifm.Loading != 0 && ifm.LoadBank == bank
}

// OpIn is the kernel operation under way in a bank, or -1.
func (f *Stream) OpIn(s *npu.Flops, bank uint8) int {
	list, _ := f.Under(s)
	for _, op := range list {
		if o := &f.Ops[op]; !o.DMA && !o.Host && o.Bank == bank&3 {
			return op
		}
	}
	return -1
}

// Transfer is the transfer under way, or -1.
func (f *Stream) Transfer(s *npu.Flops) int {
	list, _ := f.Under(s)
	for _, op := range list {
		if f.Ops[op].DMA && s.DMA.M2M.On != 0 {
			return op
		}
	}
	return -1
}
