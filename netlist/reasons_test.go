package netlist

import "strings"

// neverRead explains the register bits whose flips show no effect in TestDeadBits.
// A name that ends in a dot or a bank's stem stands for all registers that begin
// with it.
var neverRead = []struct{ name, why string }{
	{"cc.irq", "read by the driver only"},
	{"cc.buserr", "read by the driver only"},
	{"cc.parseerr", "read by the driver only"},
	{"cc.endreached", "read by the driver only"},
	{"cc.wdfault", "read by the driver only"},
	{"cc.eccfault", "read by the driver only"},
	{"cc.faultiface", "read by the driver only"},
	{"cc.faultchan", "read by the driver only"},
	{"cc.irqhistory", "read by the driver only"},
	{"cc.qread", "read by the driver only"},
	{"cc.qbase", "taken over when the run starts, read by the driver afterwards"},
	{"cc.qsize", "only compared with the offset of the stream: a value that stays above it changes nothing before STOP"},
	{"cc.qconfig", "bit 0 chooses between two sets of AXI limits, which the driver programs alike"},
	{"cc.regioncfg", "belongs to regions that the programs do not use, or chooses between equal AXI limits"},
	{"cc.basep", "belongs to regions that the programs do not use"},
	{"cc.burst", "belongs to an AXI limit that no region selects"},
	{"cc.maxreads", "belongs to an AXI limit that no region selects, or a limit that is never reached"},
	{"cc.maxwrites", "belongs to an AXI limit that no region selects, or a limit that is never reached"},
	{"cc.ifmw", "compared with positions only: matters where a window crosses the right edge"},
	{"cc.ifmh", "compared with positions only: matters where a window crosses the lower edge"},

	{"traversal.wdinner.", "counts in steps of eight channels or of the micro-block: low bits are always zero"},
	{"traversal.", "counts in steps of a block: a flip that does not cross the next limit changes nothing; no layer of the test is wider than one block on the larger configurations"},
	{"dma.axi0.turn", "matters only when two channels ask for the port in one cycle"},
	{"dma.axi1.turn", "matters only when two channels ask for the port in one cycle"},
	{"dma.axi0.waddr", "beats are aligned: the memory ignores the low three bits"},
	{"dma.axi0.araddr", "beats are aligned: the port ignores the low three bits"},
	{"dma.axi1.araddr", "beats are aligned: the port ignores the low three bits"},
	{"dma.ifm.addr", "beats are aligned: the low three bits only count when a run is opened"},
	{"dma.axi1.w", "port 1 leads to flash: the programs write nothing there"},
	{"dma.axi1.rdata", "a beat of the slow memory passes to its channel in the clock in which it comes: the slice only holds one for a channel without room"},
	{"dma.axi1.rresp", "likewise"},
	{"dma.axi1.rdbeats", "the last entries of the table of 32 reads are never reached"},
	{"dma.ifm.load.c0", "the place of a channel within its brick: upper bits went into addresses when the run was requested"},
	{"wd.pendw", "quotients that the streams of the test do not have at the end of a chunk"},
	{"dma.ifm.req.x", "the address of a run is formed in the cycle that opens it, from the next value of the register"},
	{"dma.m2m.fifo", "one entry of the FIFO, which no moment of the test finds in use on these configurations"},
	{"dma.m2m.dstreg", "the driver leads all regions but one to the same port"},
	{"mac.y0", "upper bits wrap around the size of the shared buffer"},
	{"mac.x0", "upper bits wrap around the size of the shared buffer"},
	{"mac.addr", "upper bits wrap around the size of the shared buffer"},
	{"sb.wraddr", "upper bits wrap around the size of the shared buffer"},
	{"mac.wraddr", "upper bits wrap around the size of the shared buffer"},
	{"mac.flags", "buffer number, read with the last token of a block only"},
	{"mac.mask", "belongs to pixels that the configuration does not have, or to operations other than max pooling"},
	{"mac.out", "belongs to pixels that the configuration does not have, or to tokens without read or write of sums"},
	{"mac.wrmask", "belongs to pixels that the configuration does not have"},
	{"mac.wrbank", "neighbouring banks often agree in what the write needs: block width, depth and accumulator format"},
	{"ao.n", "more lanes than the configuration has count as all lanes"},
	{"ao.flags", "last-pixel flag, read in the first stage only"},
	{"ao.record.buf", "the last byte of a record has two spare bits"},
	{"pmu.", "observes: read by the driver only"},
}

// reasonForDead says why bits of a register are silent.
func reasonForDead(register string) string {
	for _, r := range neverRead {
		if r.name == reasonName(register) {
			return r.why
		}
	}
	return ""
}

// reasonName is the name under which the reason of a register stands.
func reasonName(register string) string {
	for _, r := range neverRead {
		if r.name == register || strings.HasSuffix(r.name, ".") && strings.HasPrefix(register, r.name) ||
			r.name == "dma.axi1.w" && strings.HasPrefix(register, r.name) {
			return r.name
		}
	}
	return ""
}
