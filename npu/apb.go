package npu

import "upset/npu/isa"

// Offsets of driver-visible registers (Arm U55 register header).
const (
	RegID        = 0x000
	RegStatus    = 0x004
	RegCmd       = 0x008
	RegReset     = 0x00C
	RegQBase     = 0x010
	RegQRead     = 0x018
	RegQConfig   = 0x01C
	RegQSize     = 0x020
	RegConfig    = 0x028
	RegRegionCfg = 0x03C
	RegAXILimit0 = 0x040
	RegBaseP0    = 0x080
	RegPMCR      = 0x180
	RegPMCCNTRLo = 0x1A0
	RegPMCCNTRHi = 0x1A4
	RegPMEVCNTR0 = 0x300
	RegPMEVTYPE0 = 0x380
	RegShadow    = 0x800 // one-word SET registers of the bank that is being filled
)

// Bits of CMD.
const (
	CmdRun      = 1 << 0
	CmdClearIRQ = 1 << 1
)

// Bits of STATUS.
const (
	StatusRunning    = 1 << 0
	StatusIRQ        = 1 << 1
	StatusBus        = 1 << 2
	StatusReset      = 1 << 3
	StatusParse      = 1 << 4
	StatusEndReached = 1 << 5
	StatusWDFault    = 1 << 7
	StatusECCFault   = 1 << 8
)

// ReadReg returns a driver-visible register; unknown offsets read as zero.
func (m *Machine) ReadReg(off uint32) uint32 {
	cc, u := &m.S.CC, &m.S.PMU
	switch off {
	case RegID:
		return isa.ArchVersion
	case RegStatus:
		return m.status()
	case RegQBase:
		return cc.QBase
	case RegQRead:
		return cc.QRead
	case RegQConfig:
		return uint32(cc.QConfig)
	case RegQSize:
		return cc.QSize
	case RegConfig:
		return m.Spec.ConfigWord
	case RegRegionCfg:
		return uint32(cc.RegionCfg)
	case RegPMCR:
		return uint32(u.Enable) | 4<<11
	case RegPMCCNTRLo:
		return uint32(u.Cycles)
	case RegPMCCNTRHi:
		return uint32(u.Cycles >> 32)
	}
	switch i := off >> 2 & 3; {
	case off&^12 == RegAXILimit0:
		return uint32(cc.Burst[i]) | uint32(cc.MaxReads[i])<<16 | uint32(cc.MaxWrites[i])<<24
	case off >= RegBaseP0 && off < RegBaseP0+64 && off&7 == 0:
		return cc.BaseP[(off-RegBaseP0)>>3]
	case off&^12 == RegPMEVCNTR0:
		return u.Count[i]
	case off&^12 == RegPMEVTYPE0:
		return uint32(u.Type[i])
	case off >= RegShadow && off < RegShadow+0x200 && off&3 == 0:
		code := 0x100 + (off-RegShadow)>>2
		if code >= 0x140 {
			code += 0x40 // the registers from 0x180 have their shadows at 0x900
		}
		kind, r := isa.Classify(code)
		if kind == isa.KindSet {
			return cc.Bank[cc.Cur&3][r]
		}
	}
	return 0
}

func (m *Machine) status() uint32 {
	cc := &m.S.CC
	s := uint32(cc.Run)*StatusRunning | uint32(cc.IRQ)*StatusIRQ | uint32(cc.BusErr)*StatusBus |
		uint32(cc.ParseErr)*StatusParse | uint32(cc.EndReached)*StatusEndReached |
		uint32(cc.WDFault)*StatusWDFault | uint32(cc.ECCFault)*StatusECCFault
	return s | uint32(cc.FaultIface)<<11 | uint32(cc.FaultChan)<<12 | uint32(cc.IRQHistory)<<16
}

// WriteReg writes a driver-visible register. Queue registers change only while
// the NPU is stopped; read-only and unknown offsets ignore the write.
func (m *Machine) WriteReg(off, v uint32) {
	m.wakeAll()
	cc, u := &m.S.CC, &m.S.PMU
	switch off {
	case RegCmd:
		m.command(v)
		return
	case RegReset:
		m.reset()
		return
	case RegQBase, RegQSize:
		if cc.Run == 0 {
			cc.EndReached = 0
			if off == RegQBase {
				cc.QBase = v &^ 7
			} else {
				cc.QSize = v
			}
		}
		return
	case RegQConfig:
		cc.QConfig = uint8(v & 3)
		return
	case RegRegionCfg:
		cc.RegionCfg = uint16(v)
		return
	case RegPMCR:
		u.Enable = uint8(v & 1)
		if v&2 != 0 {
			u.Count = [4]uint32{}
		}
		if v&4 != 0 {
			u.Cycles = 0
		}
		return
	}
	switch i := off >> 2 & 3; {
	case off&^12 == RegAXILimit0:
		cc.Burst[i], cc.MaxReads[i], cc.MaxWrites[i] = uint8(v&3), uint8(v>>16&31), uint8(v>>24&15)
	case off >= RegBaseP0 && off < RegBaseP0+64 && off&7 == 0:
		cc.BaseP[(off-RegBaseP0)>>3] = v
	case off&^12 == RegPMEVTYPE0:
		u.Type[i] = uint16(v & 0x3ff)
	}
}

func (m *Machine) command(v uint32) {
	cc := &m.S.CC
	if v&CmdClearIRQ != 0 {
		cc.IRQ = 0
	}
	cc.IRQHistory &^= uint16(v >> 16)
	if v&CmdRun == 0 || cc.Run != 0 {
		return
	}
	cc.Offset, cc.Half, cc.Parse, cc.QRead = 0, 0, parseEmpty, 0
	d := &m.S.DMA
	d.CmdAddr, d.CmdLeft = cc.QBase, (cc.QSize+7)>>3
	d.CmdHead, d.CmdCnt, d.CmdOut = 0, 0, 0
	m.S.Bus.Gate = [places]GateState{}
	cc.Run = 1
	m.refresh()
}

// reset clears every flop, the SET registers to isa.ResetValue; the RAM keeps its
// contents.
func (m *Machine) reset() {
	cycle, stray := m.S.Bus.Cycle, m.S.Bus.Stray
	m.S.Flops = Flops{}
	m.S.Bus.Cycle, m.S.Bus.Stray = cycle, stray
	m.refresh()
}

// Start programs the registers as the driver does and sets CMD.run: the command
// stream's address and bytes, and the region bases, as addresses of the default map.
// Where the system has another, the NPU is told where they lie in that.
func (m *Machine) Start(stream uint32, bytes int, bases [8]uint32) {
	m.programPorts()
	m.WriteReg(RegQBase, m.onBus(stream))
	m.WriteReg(RegQSize, uint32(bytes))
	for i, b := range bases {
		m.WriteReg(RegBaseP0+8*uint32(i), m.onBus(b))
	}
	m.WriteReg(RegCmd, CmdClearIRQ|CmdRun|0xffff<<16)
}
