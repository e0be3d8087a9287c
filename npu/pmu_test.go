package npu_test

import (
	"strings"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// The list of public events is in order, both ports have the same events 0x100 apart,
// and what the machine counts is among them.
func TestPublicEvents(t *testing.T) {
	names, numbers := map[string]uint16{}, map[uint16]bool{}
	for i, e := range npu.PublicEvents {
		if i > 0 && e.Number <= npu.PublicEvents[i-1].Number {
			t.Errorf("%s: %#x is out of order", e.Name, e.Number)
		}
		if _, twice := names[e.Name]; twice {
			t.Errorf("%s stands twice", e.Name)
		}
		names[e.Name], numbers[e.Number] = e.Number, true
	}
	for name, n := range names {
		if rest, ok := strings.CutPrefix(name, "axi0_"); ok && names["axi1_"+rest] != n+0x100 {
			t.Errorf("%s is %#x, on port 1 %#x", name, n, names["axi1_"+rest])
		}
	}
	counted := 0
	for n := range uint16(0x200) {
		if _, ok := npu.EventOf(n); ok {
			counted++
			if !numbers[n] {
				t.Errorf("the machine counts %#x, which is no public event", n)
			}
		}
	}
	if counted != len(npu.PMUEvents)+8 {
		t.Errorf("%d public events are counted, the monitor selects %d", counted, len(npu.PMUEvents))
	}
	for n, e := range npu.PMUEvents {
		if e >= npu.SelectableEvents {
			t.Errorf("%#x selects event %d, whose selector has no area", n, e)
		}
	}
}

// The stalls and requests of the ports are those that the registers of the ports show
// from clock to clock. A slow SRAM holds write beats up, a short table read requests.
func TestPortTallies(t *testing.T) {
	slow := npu.DefaultSystem()
	slow.SRAM.BeatInterval = 3
	slow.Limits.PortReads = 1
	p, input := velaProgram(t, isa.U55x128, "kws_ref_model"), goldenInput(t, "kws_ref_model")
	var stalls [2]uint64
	for i, sys := range []npu.System{npu.DefaultSystem(), slow} {
		m := load(t, p, input, sys, npu.ECCNone)
		var want [npu.NumEvents]uint64
		for m.S.CC.Run != 0 && m.Cycle() < 10_000_000 {
			axi, bus, events := m.S.DMA.AXI, m.S.Bus.Port, m.Events
			m.Step()
			for port := range axi {
				b := &m.S.Bus.Port[port]
				e := npu.Event(port)
				ends := uint64(b.Head-bus[port].Head) % 32
				if taken := uint64(b.Count) + ends - uint64(bus[port].Count); axi[port].ARValid != 0 && taken == 0 {
					want[npu.EvAXIReadStalled+e]++
				} else {
					want[npu.EvAXIReadTaken+e] += taken
				}
				if beats := m.Events[npu.EvAXIWriteBeat+e] - events[npu.EvAXIWriteBeat+e]; axi[port].WValid != 0 && beats == 0 {
					want[npu.EvAXIWriteStalled+e]++
				} else if axi[port].WFirst != 0 {
					want[npu.EvAXIWriteTaken+e] += beats
				}
			}
		}
		if st := m.Status(); st != npu.Done {
			t.Fatal(st)
		}
		for e := npu.Event(npu.SelectableEvents); e < npu.NumEvents; e++ {
			if m.Events[e] != want[e] {
				t.Errorf("system %d, event %d: %d are counted, the ports show %d", i, e, m.Events[e], want[e])
			}
		}
		if m.Events[npu.EvAXIReadTaken] == 0 || m.Events[npu.EvAXIReadTaken1] == 0 || m.Events[npu.EvAXIWriteTaken] == 0 {
			t.Errorf("system %d: no requests: %v", i, m.Events)
		}
		stalls[i] = m.Events[npu.EvAXIWriteStalled]
		if i == 1 && (m.Events[npu.EvAXIReadStalled] == 0 || stalls[1] <= stalls[0]) {
			t.Errorf("slow memories stall %d requests and %d beats, fast ones %d beats", m.Events[npu.EvAXIReadStalled], stalls[1], stalls[0])
		}
	}
}
