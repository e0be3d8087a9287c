package npu

// link is how two blocks that a clock evaluates one after the other share a register.
type link uint8

const (
	// registered: the earlier block reads what the later one writes. It sees the value
	// from before the clock edge, as every flop delivers it.
	registered link = iota
	// through: the earlier block writes what the later one reads, which sees the new
	// value in the same cycle. The signal passes through combinational logic: a ready
	// or a valid that no register stands behind.
	through
	// priority: both write; the value of the later block is the one that stays.
	priority
)

// handshake is a register that a block shares with one that is evaluated before it.
type handshake struct {
	With     string // the earlier block
	Link     link
	Register string // its path in State; Events are the tallies behind the performance monitor
	Fault    bool   // the order shows only after an upset or an error, see order
	Why      string
}

// block is a part of the machine that Step evaluates as a whole.
type block struct {
	Name  string
	Step  func(*Machine)
	After []handshake
}

// Names of the blocks.
const (
	bus           = "bus"
	outputChannel = "output channel"
	copyChannel   = "memory to memory"
	outputStage   = "output stage"
	scaleRecords  = "scale records"
	array         = "MAC array"
	decoder       = "weight decoder"
	writePort     = "write port"
	inputChannel  = "input channel"
	readSlices    = "read slices"
	streams       = "stream channels"
	arbiters      = "read arbiters"
	control       = "central control"
	monitor       = "performance monitor"
)

// order lists the blocks as Step evaluates them, and for each the blocks that stand
// before it with the hand-shakes that put them there. Two blocks without a hand-shake
// between them touch nothing in common that either writes, but for flags that both can
// only set, as in a halt. Their order makes no difference; every order that keeps the
// listed pairs gives the same states.
//
// Where Fault is set, the order shows only in a cycle in which an upset, an error
// response or a stream without the waits it needs makes two blocks meet that otherwise
// never do: both at one word of the shared buffer, or one that halts the NPU in the
// middle of the work of the other. Without those pairs more orders give the same states
// in runs without faults.
var order = []block{
	{bus, (*Machine).stepBus, nil},
	{outputChannel, (*Machine).stepOFM, []handshake{
		{bus, through, "DMA.AXI.WValid", false, "a write slice whose beat was accepted takes the next one"},
		{bus, through, "DMA.WrOut", false, "a write response counts at once"},
	}},
	{copyChannel, (*Machine).stepM2M, []handshake{
		{bus, through, "DMA.AXI.WValid", false, "a write slice whose beat was accepted takes the next one"},
		{bus, through, "DMA.WrOut", false, "a write response counts at once"},
		{outputChannel, through, "DMA.AXI.WValid", false, "of two channels that offer a beat the output channel has the slice"},
		{outputChannel, registered, "RAM.Mem", true, "a table written over the output that is read"},
	}},
	{outputStage, (*Machine).stepAO, []handshake{
		{outputChannel, through, "SB.OBBusy", false, "a drained output buffer is free"},
		{outputChannel, registered, "SB.OBFull", false, "a full output buffer is drained from the next cycle on"},
		{outputChannel, registered, "SB.OBSlots", false, "and so is its length"},
		{outputChannel, registered, "RAM.Mem", true, "values written over the output that is read"},
		{copyChannel, through, "RAM.Mem", true, "a table that is read while it is written"},
	}},
	{scaleRecords, (*Machine).stepScale, []handshake{
		{outputChannel, registered, "AOScale.Bank", false, "an operation retires the cycle after the rest of its records is discarded"},
		{outputStage, through, "AO.Ready", false, "a record that was used for the last time leaves its register"},
		{outputStage, registered, "AO.Bias", false, "a record is used from the next cycle on"},
	}},
	{array, (*Machine).stepMAC, []handshake{
		{outputChannel, registered, "Trav.MAC.Bank", true, "an operation retires the cycle after the array has left it"},
		{outputChannel, registered, "RAM.Mem", true, "sums written over the output that is read"},
		{copyChannel, through, "RAM.Mem", true, "a transfer over the inputs or sums that are read"},
		{outputStage, through, "SB.ABBusy", false, "an accumulator buffer that was read is free"},
		{outputStage, registered, "SB.ABFull", false, "complete sums are read from the next cycle on"},
		{outputStage, through, "SB.IBSel", false, "an elementwise input that was used gives way to the next"},
		{outputStage, through, "CC.ElemRead", false, "the array passes over an elementwise operation whose input is used up"},
		{outputStage, through, "Trav.AO.Bank", false, "the accumulator area may change when the sums before are read"},
		{outputStage, registered, "RAM.Mem", true, "sums written over those that are read"},
	}},
	{decoder, (*Machine).stepWD, []handshake{
		{bus, through, "CC.Run", true, "a halt stops the chunk under way"},
		{outputChannel, through, "CC.Run", true, "a halt stops the chunk under way"},
		{outputChannel, registered, "WD.Ctl", false, "an operation retires the cycle after the rest of its weights is discarded"},
		{copyChannel, through, "CC.Run", true, "a halt stops the chunk under way"},
		{outputStage, through, "CC.Run", true, "a halt stops the chunk under way"},
		{array, through, "CC.Run", true, "a halt stops the chunk under way"},
		{array, through, "WD.Full", false, "a weight block that was used is filled again"},
		{array, registered, "WD.Buf", false, "a complete weight block is used from the next cycle on"},
	}},
	{writePort, (*Machine).stepWritePort, []handshake{
		{outputChannel, registered, "RAM.Mem", true, "inputs written over the output that is read"},
		{copyChannel, priority, "RAM.Mem", true, "a transfer to the place of inputs"},
		{outputStage, registered, "RAM.Mem", true, "inputs written over operands that are read"},
		{array, registered, "RAM.Mem", true, "inputs written over those that are read"},
		{decoder, registered, "CC.Run", true, "a halt does not reach the chunk under way"},
	}},
	{inputChannel, (*Machine).stepIFM, []handshake{
		{outputChannel, through, "CC.JobsOut", false, "a block that was written lets the next job start"},
		{outputChannel, through, "Trav.OFM", false, "and so does its place in the operation"},
		{outputChannel, registered, "Trav.IFM.Bank", true, "an operation retires the cycle after its last box is placed"},
		{outputStage, through, "SB.IBFull", false, "an elementwise input that was used is filled again"},
		{array, through, "SB.IBFull", false, "an input buffer that was used is filled again"},
		{array, registered, "SB.IBFull", false, "a box is used from the next cycle on"},
		{array, through, "Trav.MAC", false, "jobs that the array has done count at once"},
		{writePort, registered, "SB.WrBytes", false, "placed bytes are written in the next cycle"},
		{writePort, through, "SB.WrBytes", false, "a box is complete when its last bytes are written"},
	}},
	{readSlices, (*Machine).stepReadSlices, []handshake{
		{bus, through, "DMA.AXI.RCount", false, "a beat passes to its channel at once"},
		{bus, registered, "DMA.AXI.RCount", false, "the slice has room from the next cycle on"},
		{bus, priority, "CC.FaultChan", true, "the bad read is reported, not the bad write"},
		{copyChannel, through, "DMA.M2M.Cnt", false, "a FIFO that gave a beat has room"},
		{copyChannel, registered, "DMA.M2M.Cnt", false, "a beat is used from the next cycle on"},
		{scaleRecords, through, "DMA.SclCnt", false, "a FIFO that gave a beat has room"},
		{scaleRecords, registered, "DMA.SclCnt", false, "a beat is used from the next cycle on"},
		{decoder, through, "DMA.WgtCnt", false, "a FIFO that gave a beat has room"},
		{decoder, registered, "DMA.WgtCnt", false, "a beat is used from the next cycle on"},
		{decoder, registered, "CC.Run", true, "a halt does not reach the chunk under way"},
		{inputChannel, through, "DMA.IFM.Cnt", false, "a FIFO that gave a beat has room"},
		{inputChannel, registered, "DMA.IFM.Cnt", false, "a beat is used from the next cycle on"},
		{inputChannel, through, "DMA.IFM.Loading", false, "the box that is placed names the port of its data"},
	}},
	{streams, (*Machine).stepStreamChannels, []handshake{
		{outputChannel, registered, "DMA.Wgt.Bank", true, "an operation retires the cycle after its last pass is requested"},
		{readSlices, through, "DMA.WgtOut", false, "the last beat under way lets the next operation start"},
	}},
	{arbiters, (*Machine).stepArbiters, []handshake{
		{bus, through, "DMA.AXI.ARValid", false, "a request register whose request was accepted takes the next one"},
		{bus, through, "DMA.AXI.RdCount", false, "an accepted request counts at once"},
		{copyChannel, through, "DMA.M2M.On", true, "a transfer that ends asks for nothing more"},
		{scaleRecords, through, "DMA.SclCnt", false, "room in a FIFO is requested at once"},
		{decoder, through, "DMA.WgtCnt", false, "room in a FIFO is requested at once"},
		{inputChannel, through, "DMA.IFM.Req", false, "a run of a box is requested as soon as it is open"},
		{inputChannel, registered, "DMA.IFM.Req", false, "the next run or box is opened in the cycle after the request"},
		{readSlices, through, "DMA.AXI.RdCount", false, "a read that is complete leaves the table"},
		{streams, through, "DMA.Wgt.Left", false, "a pass is requested as soon as it is open"},
		{streams, registered, "DMA.Wgt.Left", false, "the next pass is opened in the cycle after the last request"},
	}},
	{control, (*Machine).stepCC, []handshake{
		{bus, through, "CC.Run", true, "a halt stops the parser"},
		{outputChannel, through, "CC.OpValid", false, "an operation that retires frees its bank"},
		{outputChannel, registered, "CC.OpValid", false, "an operation starts in the cycle after its issue"},
		{outputChannel, through, "CC.Run", true, "a halt stops the parser"},
		{copyChannel, through, "CC.DMAOut", false, "a transfer that ends lets a wait pass"},
		{copyChannel, registered, "DMA.M2M.On", false, "a transfer starts in the cycle after its command"},
		{copyChannel, through, "CC.Run", true, "a halt stops the parser"},
		{outputStage, registered, "CC.OpValid", false, "an operation starts in the cycle after its issue"},
		{outputStage, through, "CC.Run", true, "a halt stops the parser"},
		{scaleRecords, registered, "CC.OpValid", false, "an operation starts in the cycle after its issue"},
		{array, registered, "CC.OpValid", false, "an operation starts in the cycle after its issue"},
		{array, through, "CC.Run", true, "a halt stops the parser"},
		{decoder, registered, "CC.OpValid", false, "an operation starts in the cycle after its issue"},
		{decoder, through, "CC.Run", true, "a halt stops the parser"},
		{writePort, through, "CC.Run", true, "a halt stops the parser"},
		{inputChannel, registered, "CC.OpValid", false, "an operation starts in the cycle after its issue"},
		{readSlices, through, "DMA.CmdCnt", false, "a beat of the stream is parsed at once"},
		{readSlices, registered, "DMA.CmdCnt", false, "the FIFO has room from the next cycle on"},
		{readSlices, through, "CC.Run", true, "a halt stops the parser"},
		{streams, registered, "CC.OpValid", false, "an operation starts in the cycle after its issue"},
		{arbiters, registered, "DMA.CmdCnt", false, "room in the FIFO is requested from the next cycle on"},
		{arbiters, registered, "DMA.M2M.On", false, "a transfer starts in the cycle after its command"},
	}},
	{monitor, (*Machine).stepPMU, []handshake{
		{bus, through, "Events", false, "beats are counted in their cycle"},
		{outputChannel, through, "Events", true, "corrected errors are counted in their cycle"},
		{copyChannel, through, "Events", true, "corrected errors are counted in their cycle"},
		{outputStage, through, "Events", false, "work and stalls are counted in their cycle"},
		{array, through, "Events", false, "work and stalls are counted in their cycle"},
		{decoder, through, "Events", false, "work and stalls are counted in their cycle"},
		{writePort, through, "Events", true, "corrected errors are counted in their cycle"},
		{inputChannel, through, "Events", false, "jobs held back are counted in their cycle"},
	}},
}
