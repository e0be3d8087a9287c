package npu

import "upset/npu/isa"

// OutputBoundary is the boundary of the output stage of a configuration with its unpacker
// of scale records, as docs/blocks/output-stage.md lists it. It speaks for the default
// limits. Inputs and outputs settle in three rounds: banks, which are registers;
// addresses, which follow from the settings of the banks; data.
func OutputBoundary(c isa.Config) *Boundary {
	a := &aoPorts{lanes: c.Spec().ElementUnits}
	b := &Boundary{
		Block:     "output_stage",
		Registers: []string{"ao.", "traversal.ao."},
		Inputs:    a.inputs(),
		Outputs:   a.outputs(),
		first:     placeOf(outputStage), last: placeOf(scaleRecords),
	}
	a.in, a.out = wires(b.Inputs), wires(b.Outputs)
	b.clear = func(f *Flops) { f.AO, f.AOScale, f.Trav.AO = AOState{}, ScaleState{}, Block{} }
	b.sample, b.answer, b.apply = a.sample, a.answer, a.apply
	return b
}

// aoPorts are the signals of the output stage in a configuration.
type aoPorts struct {
	lanes   int
	in, out map[string]wire
}

// Widths of addresses of the shared buffer, see docs/blocks/output-stage.md.
const (
	aoReadBits  = 21
	aoWriteBits = 11
	aoTableBits = 11
)

// Places in the signal events.
var aoEvents = [...]Event{EvAOActive, EvAOStalledOB, EvAOStalledAB, EvAOStalledIB, EvAOStalledScale}

func (a *aoPorts) inputs() []Signal {
	list := []Signal{
		{"op_valid", 4, "an operation owns the bank"},
		{"ib_full", 2, "the input buffer holds a box"},
		{"ib_sel", 1, "input buffer that is used next"},
		{"ab_full", 2, "the accumulator buffer holds complete sums"},
		{"ob_busy", 2, "the output buffer is claimed"},
		{"scl_ready", 1, "the FIFO of scale records holds a beat"},
		{"scl_data", 64, "its oldest beat"},
	}
	for i := range aoSettings {
		list = append(list, aoSettings[i].Signal)
	}
	for i := range recordSettings {
		list = append(list, recordSettings[i].Signal)
	}
	return append(list,
		Signal{"rd1_data", 40 * a.lanes, "sum or first operand of each lane, bytes from its address on"},
		Signal{"rd2_data", 32 * a.lanes, "second operand of each lane"},
		Signal{"lut_data", 32 * a.lanes, "word of the tables for each lane"})
}

func (a *aoPorts) outputs() []Signal {
	return []Signal{
		{"bank_t", 2, "bank of the output stage, whose settings are answered with t_"},
		{"bank_r", 2, "bank of the record unpacker, r_"},
		{"rd1_en", 1, "sums or first operands are read"},
		{"rd1_addr", aoReadBits, "byte address for lane 0"},
		{"rd1_pitch", 3, "bytes from one lane to the next"},
		{"rd1_bytes", 3, "bytes of a lane"},
		{"rd2_en", 1, "second operands are read"},
		{"rd2_addr", aoReadBits, "byte address for lane 0"},
		{"rd2_pitch", 3, "bytes from one lane to the next; each has rd1_bytes"},
		{"rd_lanes", 4, "lanes that read"},
		{"lut_en", 1, "tables are read"},
		{"lut_lanes", 4, "lanes that read them"},
		{"lut_addr", aoTableBits * a.lanes, "byte in the tables for each lane, a multiple of four"},
		{"wr_en", 1, "results are written"},
		{"wr_addr", aoWriteBits, "byte address for lane 0"},
		{"wr_lanes", 4, "lanes that write"},
		{"wr_bytes", 3, "bytes of a lane, and from one to the next"},
		{"wr_data", 32 * a.lanes, "results"},
		{"set_ob_busy", 2, "the output buffer is claimed"},
		{"set_ob_full", 2, "the output buffer may be drained"},
		{"set_ob_slots", 2, "the output buffer has ob_slots slots"},
		{"ob_slots", 7, "slots in use"},
		{"clear_ib_full", 2, "the input buffer is used up"},
		{"toggle_ib_sel", 1, "the other input buffer is next"},
		{"clear_ab", 2, "the accumulator buffer is used up: neither full nor busy"},
		{"set_elem_read", 4, "the elementwise operation of the bank has used up its input"},
		{"scl_take", 1, "a beat of scale records is taken"},
		{"events", 5, "performance monitor: active, waits for output buffer, for sums, for inputs, for records"},
	}
}

// aoSetting is a setting of an operation and its value.
type aoSetting struct {
	Signal
	of func(p *params) int
}

// aoSettings are those of the bank of the output stage. Negative values are two's
// complement.
var aoSettings = []aoSetting{
	{Signal{"t_kind", 3, "0 convolution, 1 depthwise, 2 maximum, 3 average, 4 sum over channels, 5 elementwise"}, func(p *params) int { return int(p.kind) }},
	{Signal{"t_mode", 6, "elementwise: 0 MUL, 1 ADD, 2 SUB, 3 MIN, 4 MAX, 5 LRELU, 6 ABS, 7 CLZ, 8 SHR, others SHL"}, func(p *params) int { return p.Mode }},
	{Signal{"t_uses_scales", 1, "every channel has a scale record"}, func(p *params) int { return int(flag(p.UsesScales)) }},
	{Signal{"t_mean", 1, "average that divides by its valid taps"}, func(p *params) int { return int(flag(p.kind == kindAverage && !p.GlobalScale)) }},
	{Signal{"t_binary", 1, "elementwise with two operands"}, func(p *params) int { return int(flag(p.Binary)) }},
	{Signal{"t_use_scalar", 1, "the second one is t_scalar"}, func(p *params) int { return int(flag(p.UseScalar)) }},
	{Signal{"t_swap", 1, "the second one comes first"}, func(p *params) int { return int(flag(p.Swap)) }},
	{Signal{"t_bcast_h", 1, "the second operand has one row"}, func(p *params) int { return int(flag(p.BcastH)) }},
	{Signal{"t_bcast_w", 1, "one column"}, func(p *params) int { return int(flag(p.BcastW)) }},
	{Signal{"t_bcast_c", 1, "one channel"}, func(p *params) int { return int(flag(p.BcastC)) }},
	{Signal{"t_add_mode", 2, "ADD, SUB: 1 first operand has a 32-bit scale, 2 second one, 0 and 3 both of 16 bits"}, func(p *params) int { return p.AddMode }},
	{Signal{"t_scalar", 17, "scalar operand, signed"}, func(p *params) int { return int(p.Scalar) }},
	{Signal{"t_ifm_bytes", 3, "bytes of an operand: 1, 2 or 4"}, func(p *params) int { return p.IFM.Bytes }},
	{Signal{"t_ifm_signed", 1, "first operand is signed"}, func(p *params) int { return int(flag(p.IFM.Signed)) }},
	{Signal{"t_ifm2_signed", 1, "second operand is signed"}, func(p *params) int { return int(flag(p.IFM2.Signed)) }},
	{Signal{"t_ifm_zero", 17, "zero point of the first operand, signed"}, func(p *params) int { return int(p.IFM.ZeroPoint) }},
	{Signal{"t_ifm2_zero", 17, "zero point of the second operand, signed"}, func(p *params) int { return int(p.IFM2.ZeroPoint) }},
	{Signal{"t_opa_scale", 32, "scale of the operand with a scale of 32 bits, or of the first one"}, func(p *params) int { return int(p.OPAScale) }},
	{Signal{"t_opa_shift", 6, "its shift"}, func(p *params) int { return int(p.OPAShift) }},
	{Signal{"t_opb_scale", 16, "scale of the second operand"}, func(p *params) int { return int(p.OPBScale) }},
	{Signal{"t_ofm_scale", 32, "scale where there are no records"}, func(p *params) int { return int(p.OFMScale) }},
	{Signal{"t_ofm_shift", 6, "its shift"}, func(p *params) int { return int(p.OFMShift) }},
	{Signal{"t_round", 2, "0 double, 1 towards zero, 2 and 3 half up"}, func(p *params) int { return int(p.Round) }},
	{Signal{"t_ofm_bytes", 3, "bytes of a result: 1, 2 or 4"}, func(p *params) int { return p.OFM.Bytes }},
	{Signal{"t_ofm_signed", 1, "the result is signed"}, func(p *params) int { return int(flag(p.OFM.Signed)) }},
	{Signal{"t_ofm_zero", 17, "zero point of the result, signed"}, func(p *params) int { return int(p.OFM.ZeroPoint) }},
	{Signal{"t_act", 5, "3 tanh, 4 sigmoid, 16 to 23 table, others none"}, func(p *params) int { return p.Act }},
	{Signal{"t_clip", 3, "2, 3, 5: range of an element type, others t_act_min to t_act_max"}, func(p *params) int { return p.ClipRange }},
	{Signal{"t_act_min", 17, "signed"}, func(p *params) int { return int(p.ActMin) }},
	{Signal{"t_act_max", 17, "signed"}, func(p *params) int { return int(p.ActMax) }},
	{Signal{"t_blk_w", 7, "columns of an output block, 1 to 64"}, func(p *params) int { return p.BlkW }},
	{Signal{"t_blk_h", 6, "rows, 1 to 32"}, func(p *params) int { return p.BlkH }},
	{Signal{"t_blk_d", 8, "channels, 1 to 128"}, func(p *params) int { return p.BlkD }},
	{Signal{"t_ofm_w", 17, "columns of the output, 1 to 65,536"}, func(p *params) int { return p.OFMW }},
	{Signal{"t_ofm_h", 17, "rows"}, func(p *params) int { return p.OFMH }},
	{Signal{"t_ofm_d", 17, "channels"}, func(p *params) int { return p.OFMD }},
	{Signal{"t_ifm_w", 19, "columns of the input, upscaled"}, func(p *params) int { return p.IFMW }},
	{Signal{"t_ifm_h", 19, "rows"}, func(p *params) int { return p.IFMH }},
	{Signal{"t_kernel_w", 17, "columns of the kernel, not dilated"}, func(p *params) int { return p.KW }},
	{Signal{"t_kernel_h", 17, "rows"}, func(p *params) int { return p.KH }},
	{Signal{"t_stride_x", 3, "1 to 4"}, func(p *params) int { return p.StrideX }},
	{Signal{"t_stride_y", 3, "1 to 4"}, func(p *params) int { return p.StrideY }},
	{Signal{"t_dil_x", 2, "1 or 2"}, func(p *params) int { return p.DilX }},
	{Signal{"t_dil_y", 2, "1 or 2"}, func(p *params) int { return p.DilY }},
	{Signal{"t_pad_left", 7, "columns"}, func(p *params) int { return p.PadLeft }},
	{Signal{"t_pad_top", 7, "rows"}, func(p *params) int { return p.PadTop }},
	{Signal{"t_wide", 1, "sums of five bytes, else four"}, func(p *params) int { return int(flag(p.accBytes > 4)) }},
	{Signal{"t_ab_start", 6, "start of the accumulator buffers, KiB"}, func(p *params) int { return p.ABStart / isa.BankBytes }},
	{Signal{"t_ab_half", 15, "bytes of one"}, func(p *params) int { return p.abHalf }},
	{Signal{"t_ib_half", 15, "bytes of an input buffer"}, func(p *params) int { return p.ibHalf }},
	{Signal{"t_ib2_start", 6, "start of the buffers of the second operand, KiB"}, func(p *params) int { return p.IB2Start / isa.BankBytes }},
	{Signal{"t_ib2_half", 15, "bytes of one"}, func(p *params) int { return p.ib2Half }},
}

// recordSettings are those of the bank of the record unpacker.
var recordSettings = []aoSetting{
	{Signal{"r_uses_scales", 1, "the operation has scale records"}, func(p *params) int { return int(flag(p.UsesScales)) }},
	{Signal{"r_passes", 32, "positions of blocks in the plane, less one"}, func(p *params) int { return p.blocksX*p.blocksY - 1 }},
	{Signal{"r_beats", 17, "beats of the records"}, func(p *params) int { return int(p.ScaleLen>>3) & (1<<17 - 1) }},
	{Signal{"r_blk_d", 8, "channels of an output block"}, func(p *params) int { return p.BlkD }},
	{Signal{"r_ofm_d", 17, "channels of the output"}, func(p *params) int { return p.OFMD }},
}
