package npu

// PublicEvent is an event of the performance monitor.
type PublicEvent struct {
	Number uint16
	Name   string // as the core driver has it, in lower case
}

// PublicEvents are the events of the U55 in the order of their numbers (PMU event list
// of the Arm U55 core driver). The machine counts some of them, see [EventOf].
var PublicEvents = []PublicEvent{
	{0x00, "no_event"},
	{0x11, "cycle"}, {0x20, "npu_idle"}, {0x21, "cc_stalled_on_blockdep"}, {0x22, "cc_stalled_on_shram_reconfig"}, {0x23, "npu_active"},
	{0x30, "mac_active"}, {0x31, "mac_active_8bit"}, {0x32, "mac_active_16bit"}, {0x33, "mac_dpu_active"},
	{0x34, "mac_stalled_by_wd_acc"}, {0x35, "mac_stalled_by_wd"}, {0x36, "mac_stalled_by_acc"}, {0x37, "mac_stalled_by_ib"},
	{0x38, "mac_active_32bit"}, {0x39, "mac_stalled_by_int_w"}, {0x3a, "mac_stalled_by_int_acc"},
	{0x40, "ao_active"}, {0x41, "ao_active_8bit"}, {0x42, "ao_active_16bit"},
	{0x43, "ao_stalled_by_ofmp_ob"}, {0x44, "ao_stalled_by_ofmp"}, {0x45, "ao_stalled_by_ob"},
	{0x46, "ao_stalled_by_acc_ib"}, {0x47, "ao_stalled_by_acc"}, {0x48, "ao_stalled_by_ib"},
	{0x50, "wd_active"}, {0x51, "wd_stalled"}, {0x52, "wd_stalled_by_ws"}, {0x53, "wd_stalled_by_wd_buf"},
	{0x54, "wd_parse_active"}, {0x55, "wd_parse_stalled"}, {0x56, "wd_parse_stalled_in"}, {0x57, "wd_parse_stalled_out"},
	{0x58, "wd_trans_ws"}, {0x59, "wd_trans_wb"}, {0x5a, "wd_trans_dw0"}, {0x5b, "wd_trans_dw1"},
	{0x80, "axi0_rd_trans_accepted"}, {0x81, "axi0_rd_trans_completed"}, {0x82, "axi0_rd_data_beat_received"}, {0x83, "axi0_rd_tran_req_stalled"},
	{0x84, "axi0_wr_trans_accepted"}, {0x85, "axi0_wr_trans_completed_m"}, {0x86, "axi0_wr_trans_completed_s"},
	{0x87, "axi0_wr_data_beat_written"}, {0x88, "axi0_wr_tran_req_stalled"}, {0x89, "axi0_wr_data_beat_stalled"},
	{0x8c, "axi0_enabled_cycles"}, {0x8e, "axi0_rd_stall_limit"}, {0x8f, "axi0_wr_stall_limit"},
	{0xa0, "axi_latency_any"}, {0xa1, "axi_latency_32"}, {0xa2, "axi_latency_64"}, {0xa3, "axi_latency_128"},
	{0xa4, "axi_latency_256"}, {0xa5, "axi_latency_512"}, {0xa6, "axi_latency_1024"},
	{0xb0, "ecc_dma"}, {0xb1, "ecc_sb0"},
	{0x180, "axi1_rd_trans_accepted"}, {0x181, "axi1_rd_trans_completed"}, {0x182, "axi1_rd_data_beat_received"}, {0x183, "axi1_rd_tran_req_stalled"},
	{0x184, "axi1_wr_trans_accepted"}, {0x185, "axi1_wr_trans_completed_m"}, {0x186, "axi1_wr_trans_completed_s"},
	{0x187, "axi1_wr_data_beat_written"}, {0x188, "axi1_wr_tran_req_stalled"}, {0x189, "axi1_wr_data_beat_stalled"},
	{0x18c, "axi1_enabled_cycles"}, {0x18e, "axi1_rd_stall_limit"}, {0x18f, "axi1_wr_stall_limit"},
	{0x1b1, "ecc_sb1"},
}

// tallied are the public numbers of events that the machine counts and its performance
// monitor cannot select. A write beat and the address of its burst wait together in the
// machine: such a cycle counts as a stalled beat, and no request is ever stalled alone.
var tallied = map[uint16]Event{
	0x80: EvAXIReadTaken, 0x180: EvAXIReadTaken1, 0x83: EvAXIReadStalled, 0x183: EvAXIReadStalled1,
	0x84: EvAXIWriteTaken, 0x184: EvAXIWriteTaken1, 0x89: EvAXIWriteStalled, 0x189: EvAXIWriteStalled1,
}

// EventOf is the machine's tally of the event with a public number; false where it
// counts nothing of the kind.
func EventOf(number uint16) (Event, bool) {
	if e, ok := PMUEvents[number]; ok {
		return e, true
	}
	e, ok := tallied[number]
	return e, ok
}

// countAddress counts what became of a request that stood at a port: waits says that it
// still does, opens that it is one that opens a burst. Stalls stand two behind what is
// taken, port by port.
func (m *Machine) countAddress(taken Event, opens, waits uint8) {
	if waits != 0 {
		m.Events[taken+EvAXIReadStalled-EvAXIReadTaken]++
	} else if opens != 0 {
		m.Events[taken]++
	}
}
