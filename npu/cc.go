package npu

import "upset/npu/isa"

// States of the command parser.
const (
	parseEmpty   = 0
	parsePayload = 1 // the payload word is still to come
	parseReady   = 2 // a whole command waits for execution
)

// CCState is the central control block: driver-visible registers, the command
// parser, four configuration banks and the block scheduler.
type CCState struct {
	// Driver-visible registers (Arm U55 register header).
	Run        uint8     `npu:"1,global"` // STATUS.state
	IRQ        uint8     `npu:"1,global"`
	BusErr     uint8     `npu:"1,global"`
	ParseErr   uint8     `npu:"1,global"`
	EndReached uint8     `npu:"1,global"`
	WDFault    uint8     `npu:"1,global"`
	ECCFault   uint8     `npu:"1,global"`
	FaultIface uint8     `npu:"1,global"`
	FaultChan  uint8     `npu:"4,global"`
	IRQHistory uint16    `npu:"16,global"`
	QBase      uint32    `npu:"32,config"`
	QSize      uint32    `npu:"32,config"`
	QRead      uint32    `npu:"32,global"`
	QConfig    uint8     `npu:"2,config"`
	RegionCfg  uint16    `npu:"16,config"`
	BaseP      [8]uint32 `npu:"32,config"`
	Burst      [4]uint8  `npu:"2,config"` // AXI_LIMIT0..3: burst alignment
	MaxReads   [4]uint8  `npu:"5,config"` // outstanding reads - 1
	MaxWrites  [4]uint8  `npu:"4,config"` // outstanding writes - 1

	// Parser.
	Parse   uint8  `npu:"2,global"`
	Word    uint32 `npu:"32,global"`
	Payload uint32 `npu:"32,global"`
	Half    uint8  `npu:"1,global"`  // half of the stream beat that is next
	Offset  uint32 `npu:"32,global"` // bytes of the stream taken so far

	// Configuration banks: one is filled by the parser, up to three belong to
	// operations under way.
	Cur      uint8            `npu:"2,global"`
	Bank     [4]isa.Registers `npu:"registers,config"`
	OpValid  [4]uint8         `npu:"1,global"`
	OpCode   [4]uint8         `npu:"3,config"`
	OpParam  [4]uint8         `npu:"6,config"`
	IFMW     [4]uint32        `npu:"19,config"` // IFM extent, derived at issue
	IFMH     [4]uint32        `npu:"19,config"`
	ElemRead [4]uint8         `npu:"1,global"` // elementwise input all consumed

	// Layout of the shared buffer that is in force.
	LayIB   uint8 `npu:"6,local"`
	LayIB2  uint8 `npu:"6,local"`
	LayAB   uint8 `npu:"6,local"`
	LayElem uint8 `npu:"1,local"`
	LayLUT  uint8 `npu:"1,local"`

	// Scheduler.
	JobsOut  uint16 `npu:"16,global"` // block jobs read and not yet written
	JobsPrev uint16 `npu:"16,global"` // of which belong to earlier operations
	JobIndex uint8  `npu:"2,global"`  // jobs of the current operation, up to three
	DMAOut   uint8  `npu:"1,global"`  // user DMA under way
}

// halt stops the NPU and raises its interrupt.
func (m *Machine) halt() {
	m.S.CC.Run, m.S.CC.IRQ = 0, 1
}

func (cc *CCState) blockWritten(jobs int) {
	n := uint16(min(jobs, int(cc.JobsOut)))
	cc.JobsOut -= n
	cc.JobsPrev -= min(n, cc.JobsPrev)
}

// stepCC executes the waiting command and takes the next word of the stream.
func (m *Machine) stepCC() {
	cc := &m.S.CC
	if cc.Parse == parseReady {
		if !m.execute(cc) {
			m.rest(restCC)
			return
		}
		cc.Parse = parseEmpty
	}
	if cc.Run == 0 || cc.Parse >= parseReady {
		return
	}
	w, ok := m.nextWord(cc)
	if !ok {
		return
	}
	if cc.Parse == parsePayload {
		cc.Payload = w
		cc.Parse = parseReady
		return
	}
	cc.Word = w
	cc.QRead = cc.Offset - 4
	switch kind, _ := isa.Classify(w); kind {
	case isa.KindInvalid:
		m.parseFault(cc)
	case isa.KindSet2:
		cc.Parse = parsePayload
	default:
		cc.Parse = parseReady
	}
}

// nextWord takes a word from the command channel. The end of the stream without
// a STOP command is a parse error (isa.MissingStopIsError).
func (m *Machine) nextWord(cc *CCState) (uint32, bool) {
	d := &m.S.DMA
	if cc.Offset >= cc.QSize {
		m.parseFault(cc)
		return 0, false
	}
	if d.CmdCnt == 0 {
		m.count(EvCCStarved, 1)
		return 0, false
	}
	w := uint32(d.CmdFIFO[d.CmdHead&(cmdDepth-1)] >> (32 * (cc.Half & 1)))
	if cc.Half != 0 {
		d.CmdHead = (d.CmdHead + 1) & (cmdDepth - 1)
		d.CmdCnt--
		m.wake(restArbiters)
	}
	cc.Half ^= 1
	cc.Offset += 4
	return w, true
}

func (m *Machine) parseFault(cc *CCState) {
	cc.ParseErr = 1
	m.halt()
}

// execute carries out the waiting command and reports whether it is done.
func (m *Machine) execute(cc *CCState) bool {
	kind, x := isa.Classify(cc.Word)
	switch kind {
	case isa.KindSet, isa.KindSet2:
		cc.Bank[cc.Cur].Set(x, cc.Word, cc.Payload)
		m.refreshBank(int(cc.Cur))
		return true
	case isa.KindOp:
		return m.operation(cc, isa.Opcode(x), isa.Param(cc.Word))
	}
	m.parseFault(cc)
	return false
}

func (m *Machine) operation(cc *CCState, op isa.Opcode, param uint32) bool {
	busy := int(cc.OpValid[0] + cc.OpValid[1] + cc.OpValid[2] + cc.OpValid[3])
	switch op {
	case isa.OpStop:
		if busy > 0 || cc.DMAOut != 0 {
			return false
		}
		cc.EndReached = 1
		cc.IRQHistory |= uint16(param)
		m.halt()
	case isa.OpIRQ:
		cc.IRQ = 1
		cc.IRQHistory |= uint16(param)
	case isa.OpKernelWait:
		return busy <= int(param&3)
	case isa.OpDMAWait:
		return int(cc.DMAOut) <= int(param&15)
	case isa.OpDMAStart:
		if cc.DMAOut != 0 || m.S.DMA.M2M.On != 0 {
			return false
		}
		cc.DMAOut = 1
		m.startM2M(int(cc.Cur))
		m.note(NoteDMAStart, 0)
	case isa.OpPMUMask:
		m.S.PMU.Mask = uint8(param & 1)
	default:
		return m.issueKernel(cc, op, param, busy)
	}
	return true
}

// maxKernels is the number of kernel operations under way at once. Streams of
// Vela 3.10 rely on it: after two more kernels were issued they overwrite the
// weights of the first without a wait.
const maxKernels = 2

// issueKernel hands the current bank to an operation and goes on with a copy of
// it in the next bank, once that is free.
func (m *Machine) issueKernel(cc *CCState, op isa.Opcode, param uint32, busy int) bool {
	b := cc.Cur & 3
	next := (b + 1) & 3
	if busy >= m.Sys.Limits.Kernels || cc.OpValid[next] != 0 {
		return false
	}
	if op == isa.OpElementwise && param&0x3f > isa.LastElementwise {
		m.parseFault(cc)
		return false
	}
	d := isa.Decode(&cc.Bank[b], op, param)
	cc.OpCode[b], cc.OpParam[b] = uint8(op)&7, uint8(param)&0x3f
	cc.IFMW[b], cc.IFMH[b] = uint32(d.IFMW)&(1<<19-1), uint32(d.IFMH)&(1<<19-1)
	cc.OpValid[b], cc.ElemRead[b] = 1, 0
	cc.Bank[next] = cc.Bank[b]
	cc.Cur = next
	m.refreshBank(int(b))
	m.refreshBank(int(next))
	m.note(NoteIssue, int(b))
	return true
}

func canonicalCC(c *Flops) {
	cc := &c.CC
	// Only the host reads these.
	cc.IRQ, cc.FaultIface, cc.FaultChan, cc.IRQHistory = 0, 0, 0, 0
	cc.QBase = 0 // taken over when the run starts
	if kind, _ := isa.Classify(cc.Word); cc.Parse != parseReady || kind != isa.KindSet2 {
		cc.Payload = 0
	}
	cc.QRead = 0
	if cc.Parse == parseEmpty {
		cc.Word = 0
	}
	for b := range cc.Bank {
		if cc.OpValid[b] != 0 {
			continue
		}
		cc.IFMW[b], cc.IFMH[b], cc.ElemRead[b] = 0, 0, 0
	}
}
