package npu_test

import "upset/npu"

// aoRegisters are the registers of the output stage.
type aoRegisters struct {
	A npu.AOState
	R npu.ScaleState
	T npu.Block
}

// aoModel is docs/blocks/output-stage.md and output-stage-lanes.md in Go: it sees the inputs of the boundary and
// nothing else.
type aoModel struct {
	e       int // lanes
	at      map[string]int
	width   map[string]int
	in, out []uint64

	// Of the clock under way.
	was, now aoRegisters
	start    bool
	oy, ox   int
	oz       int
}

func newAOModel(b *npu.Boundary, lanes int) *aoModel {
	k := &aoModel{e: lanes, at: map[string]int{}, width: map[string]int{}}
	for _, list := range [][]npu.Signal{b.Inputs, b.Outputs} {
		at := 0
		for _, s := range list {
			k.at[s.Name], k.width[s.Name] = at, s.Width
			at += (s.Width + 63) / 64
		}
	}
	return k
}

// u and s read an input, on reads a flag; set writes an output.
func (k *aoModel) u(name string) int { return int(k.in[k.at[name]]) }

func (k *aoModel) s(name string) int64 {
	return int64(k.in[k.at[name]]) << (64 - k.width[name]) >> (64 - k.width[name])
}

func (k *aoModel) on(name string) bool { return k.in[k.at[name]] != 0 }

func (k *aoModel) set(name string, v int) { k.out[k.at[name]] |= uint64(v) }

// lane reads a field of a lane of an input, setLane writes that of an output, all zero before.
func (k *aoModel) lane(name string, i, n int) (v uint64) {
	for b := range n {
		j := i*n + b
		v |= k.in[k.at[name]+j/64] >> (j % 64) & 1 << b
	}
	return v
}

func (k *aoModel) setLane(name string, i, n int, v uint64) {
	for b := range n {
		j := i*n + b
		k.out[k.at[name]+j/64] |= v >> b & 1 << (j % 64)
	}
}

func modelBit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func cut(v, n int) int { return v & (1<<n - 1) }

func modelClip(at, blk, n int) int { return max(1, min(blk, n-at)) }

func (k *aoModel) uses(stage int) int { return min(int(k.was.A.N[stage]), k.e) }

func (k *aoModel) table() bool { return k.u("t_act") >= 16 && k.u("t_act") <= 23 }

// clock returns the registers after a clock and fills the outputs.
func (k *aoModel) clock(was aoRegisters, in, out []uint64) aoRegisters {
	clear(out)
	k.in, k.out, k.was, k.now = in, out, was, was
	k.set("bank_t", int(was.T.Bank))
	k.set("bank_r", int(was.R.Bank))
	k.start = was.T.On == 0 && k.u("op_valid")>>was.T.Bank&1 != 0
	k.oy, k.ox, k.oz = int(was.T.OY), int(was.T.OX), int(was.T.OZ)
	if k.start {
		k.oy, k.ox, k.oz = 0, 0, 0
		k.now.T = npu.Block{Bank: was.T.Bank, On: 1}
	}
	if was.T.On != 0 || k.start {
		k.stage()
	}
	k.records()
	return k.now
}

func (k *aoModel) stage() {
	a, now := &k.was.A, &k.now.A
	if a.Pass == 0 && a.Valid == [5]uint8{} {
		if why := k.missing(); a.Tail == 0 && why != 0 {
			k.set("events", 1<<why)
			return
		}
	}
	moves := a.Pass == 0 && a.Valid[2] != 0
	if moves {
		k.round()
		now.Valid[2], now.Valid[3] = 0, 1
		now.N[3], now.Addr[3], now.Flags[3] = a.N[2], a.Addr[2], a.Flags[2]
	}
	k.passes()
	k.set("events", 1)
	if int(a.Pass)+1 < k.length() {
		now.Pass = a.Pass + 1
		return
	}
	now.Pass = 0
	k.last(moves)
}

func lanesOf(n uint8) int { return min(max(int(n), 1), 8) }

func (k *aoModel) length() int {
	a := &k.now.A // for stage 3; the others are as before here
	var combine, scale, read, write int
	elem, wide, mode := k.u("t_kind") == 5, k.u("t_ifm_bytes") == 4, k.u("t_mode")
	switch {
	case k.u("t_kind") == 2:
	case elem && wide:
		ops := 1 + modelBit(k.on("t_binary") && !k.on("t_use_scalar"))
		scale, read, write = 2, (lanesOf(a.N[0])*ops+3)>>2, (lanesOf(a.N[4])*k.u("t_ofm_bytes")+15)>>4
	case elem && mode == 0:
		scale = 3
	case elem && mode <= 2:
		combine, scale = 4, 2
	case !elem && k.on("t_wide"):
		scale = 3
	default:
		scale = 2
	}
	v := func(stage, x int) int { return int(a.Valid[stage]) * x }
	table := 0
	if k.table() {
		table = v(3, lanesOf(a.N[3]))
	}
	return max(1, v(0, combine)+v(1, scale), v(0, read)+v(4, write), table)
}

func (k *aoModel) move(from int) {
	a, now := &k.was.A, &k.now.A
	now.N[from+1], now.Addr[from+1], now.Flags[from+1] = a.N[from], a.Addr[from], a.Flags[from]
}

// last is the last clock of a step.
func (k *aoModel) last(moves bool) {
	a, now := &k.was.A, &k.now.A
	if a.Valid[4] != 0 {
		k.set("wr_en", 1)
		k.set("wr_addr", int(a.Addr[4]))
		k.set("wr_lanes", k.uses(4))
		k.set("wr_bytes", k.u("t_ofm_bytes"))
		for i := range k.e {
			k.setLane("wr_data", i, 32, uint64(a.Out[i]))
		}
		if a.Flags[4]&2 != 0 {
			k.set("set_ob_full", 1<<(a.Flags[4]>>2))
		}
	}
	valid3 := now.Valid[3]
	if valid3 != 0 {
		k.activate()
		now.N[4], now.Addr[4], now.Flags[4] = now.N[3], now.Addr[3], now.Flags[3]
	}
	now.Valid[4], now.Valid[3] = valid3, 0
	if a.Valid[1] != 0 {
		k.product()
		k.move(1)
		now.Valid[2] = 1
	}
	now.Valid[1], now.Valid[0] = a.Valid[0], 0
	if a.Valid[0] != 0 {
		k.bias()
		k.move(0)
	}
	if a.Tail == 0 {
		if why := k.missing(); why != 0 {
			k.set("events", 1<<why)
		} else {
			k.read()
		}
	}
	if now.Tail != 0 && now.Valid == [5]uint8{} {
		now.Tail = 0
		now2 := &k.now.T
		now2.On, now2.Bank = 0, (now2.Bank+1)&3
	}
}

// places of the position that is read next.
func (k *aoModel) places() (depth, obh, obw, lo, ch, bricks, tl int) {
	a := &k.was.A
	depth = modelClip(k.oz, k.u("t_blk_d"), k.u("t_ofm_d"))
	obh, obw = modelClip(k.oy, k.u("t_blk_h"), k.u("t_ofm_h")), modelClip(k.ox, k.u("t_blk_w"), k.u("t_ofm_w"))
	off, b := cut(k.oz, 4), int(a.B)
	lo = max(0, 16*b-off)
	ch = max(0, min(depth, 16*(b+1)-off)-lo)
	return depth, obh, obw, lo, ch, (off + depth + 15) >> 4, max(1, min(k.e, ch-int(a.C)))
}

// missing is the event of what a token waits for, or zero.
func (k *aoModel) missing() int {
	a := &k.was.A
	if k.u("t_kind") == 5 {
		if k.u("ib_full")>>k.u("ib_sel")&1 == 0 {
			return 3
		}
	} else if k.u("ab_full")>>a.AB&1 == 0 {
		return 2
	}
	if a.C == 0 && a.Slot == 0 && k.u("ob_busy")>>a.OB&1 != 0 {
		return 1
	}
	_, _, _, lo, _, _, tl := k.places()
	for i := range tl {
		if k.on("t_uses_scales") && k.now.A.Ready[cut(lo+int(a.C)+i, 4)] == 0 {
			return 4
		}
	}
	return 0
}
