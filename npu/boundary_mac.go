package npu

import "upset/npu/isa"

// MACBoundary is the boundary of the MAC array of a configuration, as
// docs/blocks/mac-array.md lists it. It speaks for the default limits: no bound on
// accesses to banks. Inputs and outputs settle in three rounds: banks, which are
// registers; addresses, which follow from the settings of the banks; data.
func MACBoundary(c isa.Config) *Boundary {
	s := c.Spec()
	a := &macPorts{pixels: s.UBlockH * s.UBlockW, d: s.UBlockD}
	b := &Boundary{
		Block:     "mac_array",
		Registers: []string{"mac.", "traversal.mac.", "traversal.macinner."},
		Inputs:    a.inputs(),
		Outputs:   a.outputs(),
		first:     placeOf(array), last: placeOf(array),
	}
	a.in, a.out = wires(b.Inputs), wires(b.Outputs)
	b.clear = func(f *Flops) { f.MAC, f.Trav.MAC, f.Trav.MACInner = MACState{}, Job{}, Inner{} }
	b.sample, b.answer, b.apply = a.sample, a.answer, a.apply
	return b
}

// macPorts are the signals of the array in a configuration.
type macPorts struct {
	pixels, d int
	in, out   map[string]wire
}

const (
	macFetchBytes = 32 // of a pixel in a clock: eight elements of four bytes
	macFetchBits  = 40 // of an address of inputs: any box and any position (docs/blocks/mac-array.md, 5.3)
	macSumBits    = 17 // of an address of sums
	macSumBytes   = 5  // of a wide sum
)

// Places in the signal events.
var macEvents = [...]Event{EvMACActive, EvMACIdle, EvMACStalledIB, EvMACStalledAB, EvMACStalledWD, EvMACOther}

func (a *macPorts) inputs() []Signal {
	list := []Signal{
		{"op_valid", 4, "an operation owns the bank"},
		{"elem_read", 4, "the elementwise operation of the bank has used up its input"},
		{"lay_ab", 6, "start of the accumulator area in force, KiB"},
		{"lay_lut", 1, "tables in use in the layout in force"},
		{"ao_bank", 2, "operation of the output stage"},
		{"ib_full", 2, "the input buffer holds a box"},
		{"ib_sel", 1, "input buffer that is used next"},
		{"ab_busy", 2, "the accumulator buffer is claimed"},
		{"wd_full", 2, "the weight block is complete"},
	}
	list = append(list, macJobSettings()...)
	return append(list,
		Signal{"f_signed", 1, "operand stage: the input is signed"},
		Signal{"f_bytes", 3, "operand stage: bytes of an element"},
		Signal{"f_zero", 16, "operand stage: zero point"},
		Signal{"s_max", 1, "accumulator stage: maximum pooling"},
		Signal{"rd_blk_w", 7, "sum stage: columns of an output block"},
		Signal{"rd_blk_d", 8, "sum stage: channels of an output block"},
		Signal{"rd_wide", 1, "sum stage: sums of 40 bits"},
		Signal{"rd_flat", 1, "sum stage: micro-block of one row of four pixels"},
		Signal{"wr_blk_w", 7, "write-back: columns of an output block"},
		Signal{"wr_blk_d", 8, "write-back: channels of an output block"},
		Signal{"wr_wide", 1, "write-back: sums of 40 bits"},
		Signal{"wr_flat", 1, "write-back: micro-block of one row of four pixels"},
		Signal{"w_data", 8 * a.d * 9, "weights of the weight block from the address on"},
		Signal{"fetch_data", a.pixels * 8 * macFetchBytes, "bytes of each pixel from its address on"},
		Signal{"sum_data", a.pixels * a.d * 8 * macSumBytes, "sums so far of each pixel, bytes from its address on"})
}

// macJobSettings are those of the issue stage.
func macJobSettings() []Signal {
	return []Signal{
		{"t_blk_w", 7, "columns of an output block, 1 to 64"},
		{"t_blk_h", 6, "rows of an output block, 1 to 32"},
		{"t_blk_d", 8, "channels of an output block, 1 to 128"},
		{"t_ofm_w", 17, "columns of the output, 1 to 65,536"},
		{"t_ofm_h", 17, "rows of the output"},
		{"t_ofm_d", 17, "channels of the output"},
		{"t_ifm_d", 17, "channels of the input"},
		{"t_ifm_blk_d", 8, "input channels of a job"},
		{"t_depth_many", 1, "the input channels take more than one job"},
		{"t_kernel_w", 17, "columns of the kernel, not dilated"},
		{"t_kernel_h", 17, "rows of the kernel, not dilated"},
		{"t_sub_w", 4, "columns of a sub-kernel: 8, or 4 with dilation 2"},
		{"t_sub_h", 4, "rows of a sub-kernel"},
		{"t_kind", 3, "0 convolution, 1 depthwise, 2 maximum, 3 average, 4 sum over channels, 5 elementwise"},
		{"t_part_kernel", 1, "weights are in part-kernel order"},
		{"t_taps", 3, "kernel taps of a weight block"},
		{"t_bytes", 3, "bytes of an input element: 1, 2 or 4"},
		{"t_ifm_w", 19, "columns of the input, upscaled"},
		{"t_ifm_h", 19, "rows of the input, upscaled"},
		{"t_stride_x", 3, "1 to 4"},
		{"t_stride_y", 3, "1 to 4"},
		{"t_dil_x", 2, "1 or 2"},
		{"t_dil_y", 2, "1 or 2"},
		{"t_pad_left", 7, "columns"},
		{"t_pad_top", 7, "rows"},
		{"t_upscale", 2, "0 none, 1 nearest, 2 zeros between"},
		{"t_flat", 1, "micro-block of one row of four pixels"},
		{"t_wide", 1, "sums of 40 bits"},
		{"t_ab_start", 6, "start of the accumulator area, KiB"},
		{"t_ab_half", 15, "bytes of an accumulator buffer"},
		{"t_ib_half", 15, "bytes of an input buffer"},
		{"t_uses_lut", 1, "the operation uses tables"},
		{"t_keeps_boxes", 1, "boxes stay for all slices of output channels"},
	}
}

// macJobWords are the values of the settings of the issue stage, in their order.
func (p *params) macJobWords() []uint64 {
	f := func(b bool) uint64 { return uint64(flag(b)) }
	return []uint64{
		uint64(p.BlkW), uint64(p.BlkH), uint64(p.BlkD), uint64(p.OFMW), uint64(p.OFMH), uint64(p.OFMD),
		uint64(p.IFMD), uint64(p.IFMBlkD), f(p.depthN > 1), uint64(p.KW), uint64(p.KH), uint64(p.subX), uint64(p.subY),
		uint64(p.kind), f(p.PartKernel), uint64(p.taps), uint64(p.IFM.Bytes), uint64(p.IFMW), uint64(p.IFMH),
		uint64(p.StrideX), uint64(p.StrideY), uint64(p.DilX), uint64(p.DilY), uint64(p.PadLeft), uint64(p.PadTop),
		uint64(p.Upscale), p.macFlat(), f(p.accBytes > 4), uint64(p.ABStart / isa.BankBytes), uint64(p.abHalf), uint64(p.ibHalf),
		f(p.UsesLUT), f(p.keepsBoxes()),
	}
}

// macFlat tells a micro-block of one row of four pixels.
func (p *params) macFlat() uint64 { return uint64(flag(p.ubW == maxX)) }

func (a *macPorts) outputs() []Signal {
	return []Signal{
		{"bank_t", 2, "bank of the issue stage, whose settings are answered with t_"},
		{"bank_f", 2, "bank of the operand stage, f_"},
		{"bank_s", 2, "bank of the accumulator stage, s_"},
		{"bank_rd", 2, "bank of the sum stage, rd_"},
		{"bank_wr", 2, "bank of the write-back, wr_"},
		{"w_block", 1, "weight block"},
		{"w_addr", 8, "first weight that is answered"},
		{"fetch_en", a.pixels, "the pixel is read"},
		{"fetch_addr", a.pixels * macFetchBits, "byte address of each pixel, two's complement"},
		{"fetch_words", 3, "eight-byte words of a pixel that are read"},
		{"sum_rd_en", a.pixels, "the sums of the pixel are read"},
		{"sum_rd_addr", a.pixels * macSumBits, "byte address of its sums"},
		{"sum_rd_wide", 1, "sums of five bytes, else four"},
		{"sum_wr_en", a.pixels, "the sums of the pixel are written"},
		{"sum_wr_addr", a.pixels * macSumBits, "byte address of its sums"},
		{"sum_wr_wide", 1, "sums of five bytes, else four"},
		{"sum_wr_data", a.pixels * a.d * 40, "sums to be written"},
		{"set_ab_full", 2, "the sums of the accumulator buffer are complete"},
		{"set_ab_busy", 2, "the accumulator buffer is claimed"},
		{"clear_ib_full", 2, "the input buffer is used up"},
		{"toggle_ib_sel", 1, "the other input buffer is next"},
		{"clear_wd_full", 2, "the weight block is used up"},
		{"set_layout", 1, "the layout of the accumulator area changes"},
		{"layout_ab", 6, "to this start, KiB"},
		{"layout_lut", 1, "and this use of tables"},
		{"events", 6, "performance monitor: active, idle, waits for input, for sums, for weights, other"},
	}
}

func (a *macPorts) sample(m *Machine, _ uint64, in []uint64) {
	cc, sb := &m.S.CC, &m.S.SB
	put := func(name string, v uint64) { a.in[name].put(in, v) }
	put("op_valid", joined(cc.OpValid[:]))
	put("elem_read", joined(cc.ElemRead[:]))
	put("lay_ab", uint64(cc.LayAB))
	put("lay_lut", uint64(cc.LayLUT))
	put("ao_bank", uint64(m.S.Trav.AO.Bank))
	put("ib_full", joined(sb.IBFull[:]))
	put("ib_sel", uint64(sb.IBSel))
	put("ab_busy", joined(sb.ABBusy[:]))
	put("wd_full", joined(m.S.WD.Full[:]))
}
