package npu

// WeightDecoderBoundary is the boundary of the weight decoder with its counters
// (docs/blocks/weight-decoder.md). It speaks for the default limits: eight weights and
// four palette entries a clock.
func WeightDecoderBoundary() *Boundary {
	inputs := []Signal{
		{"op_valid", 4, "an operation owns the bank"},
		{"run", 1, "nobody evaluated earlier in this clock has halted the NPU"},
		{"release_block", 2, "the MAC array has used the weight block for the last time"},
		{"stream_count", 6, "beats in the stream's FIFO; more than 32 only after an upset"},
		{"stream_data", 64, "the first of them, low byte first"},
	}
	const settings = 5
	inputs = append(inputs, Signal{"uses_weights", 1, "the operation reads a weight stream"},
		Signal{"weight_beats", 29, "length of the stream in beats of eight bytes"})
	inputs = append(append(inputs, innerSettings()...), jobSettings()...)
	return &Boundary{
		Block:     "weight_decoder",
		Registers: []string{"wd.", "traversal.wd.", "traversal.wdinner."},
		Inputs:    inputs,
		Outputs: []Signal{
			{"bank", 2, "bank of the operation, whose settings are answered"},
			{"stream_pop", 1, "the first beat is taken"},
			{"fault", 1, "the stream is damaged: halts the NPU"},
		},
		first: placeOf(decoder), last: placeOf(decoder),
		note: func(m *Machine) uint64 { return uint64(m.S.WD.Full[0]&1 | m.S.WD.Full[1]&1<<1) },
		sample: func(m *Machine, full uint64, in []uint64) {
			d := &m.S.DMA
			in[0], in[1] = joined(m.S.CC.OpValid[:]), uint64(m.S.CC.Run)
			in[2] = full &^ uint64(m.S.WD.Full[0]&1|m.S.WD.Full[1]&1<<1)
			in[3], in[4] = uint64(d.WgtCnt), d.WgtFIFO[d.WgtHead&(wgtDepth-1)]
		},
		answer: func(m *Machine, out, in []uint64) {
			p := &m.op[out[0]&3]
			in = append(in[:settings], uint64(flag(p.UsesWeights)), uint64(p.WeightLen>>3))
			_ = append(append(in, p.innerWords()...), p.jobWords()...)
		},
		prepare: func(m *Machine, in []uint64) {
			for i := range m.S.WD.Full {
				m.S.WD.Full[i] &^= uint8(in[2] >> i & 1)
			}
		},
		clear: func(f *Flops) { f.WD, f.Trav.WD, f.Trav.WDInner = WDState{}, Job{}, Inner{} },
		apply: func(m *Machine, out []uint64) {
			d := &m.S.DMA
			if out[1] != 0 {
				d.WgtHead = (d.WgtHead + 1) & (wgtDepth - 1)
				d.WgtCnt--
			}
			if out[2] != 0 {
				m.wdFault()
			}
		},
	}
}
