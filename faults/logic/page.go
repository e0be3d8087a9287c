package logic

import (
	"fmt"
	"strings"

	"upset/faults"
)

// confidence of the intervals of the page, two-sided (our choice, as on the other pages).
const confidence = 0.95

// Page writes docs/permanent.md.
func Page(list []*Measured) (string, error) {
	var b strings.Builder
	b.WriteString(head)
	for _, m := range list {
		row := fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %d |", m.Block, m.NPU, m.Gates, m.Hidden, m.Faults, m.Sampled, m.Shows)
		for _, n := range []int{m.Outcomes[faults.Masked], m.Outcomes.Stopped(), m.Outcomes.Harmful()} {
			s, err := m.Share(n, confidence)
			if err != nil {
				return "", err
			}
			row += " " + s.text() + " |"
		}
		b.WriteString(row + "\n")
	}
	b.WriteString(olderText(list))
	b.WriteString(outcomesHead)
	for _, m := range list {
		for k, name := range append(m.Networks[:len(m.Networks):len(m.Networks)], "worst of all") {
			o := &m.Outcomes
			if k < len(m.On) {
				o = &m.On[k]
			}
			fmt.Fprintf(&b, "| %s | %s | %s |", m.Block, m.NPU, name)
			for _, x := range []faults.Outcome{faults.Masked, faults.DUEDetected, faults.DUEHang, faults.SDCTolerable, faults.SDCCritical, faults.StrayWrite} {
				fmt.Fprintf(&b, " %d |", o[x])
			}
			b.WriteString("\n")
		}
	}
	b.WriteString(mechanismsHead)
	for _, m := range list {
		n := m.Outcomes.Harmful()
		for k, name := range m.Mechanisms {
			s, err := ShareOf(m.Seen[k], n, confidence)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %s |\n", m.Block, m.NPU, name, n, m.Seen[k], s.text())
		}
	}
	b.WriteString(tail)
	return b.String(), nil
}

// olderText names the blocks that were measured at other revisions than the page says.
func olderText(list []*Measured) string {
	var parts []string
	for _, m := range list {
		if m.Revision != "" {
			parts = append(parts, m.Block+" on "+m.NPU+" at "+m.Revision)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "\nMeasured at other revisions than the one above: " + strings.Join(parts, ", ") + ".\n"
}

// text is a share with its interval in per cent.
func (s Share) text() string {
	if s.Low == s.High {
		return fmt.Sprintf("%.1f %%", 100*s.Estimate)
	}
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*s.Estimate, 100*s.Low, 100*s.High)
}

const head = `# Permanent faults of logic

This page is written by

    go run ./faults/logic/generate -measure

Flops that are stuck are measured on the machine itself (README, permanent faults). Here the gates between them break. Some blocks
of the machine were written a second time in Verilog and synthesised to two-input gates; machine and gates agree clock by clock. For
this page the gates *replace* the block: every clock they get what the machine gives the block, the rest of the machine does
what their outputs ask for, and their flops are its registers. Without a fault such a machine ends every inference in the very
state of the machine alone; a test compares all of it.

The output of one gate is stuck at 0 or at 1 from the start of an inference on. A fault on an output stands for those on
all inputs that it drives together, and at the D of a flop; faults of single branches are not on the list, nor are
those of inputs and flops of the block. Faults are drawn evenly over the gates, both values alike. Outputs with one reader whose
own output they decide are one experiment with it, and counted for both.

*Gates not seen* lead to no output and no flop of the netlist: what they compute is taken from the machine's own logic, so that nothing can be
said about their faults, and they are not on the list. *Shows*: on some input, a flop or an output gets another value in some clock. A fault
is *safe* if every input of every network masks it. It is *stopped* if the worst that it does is to make the NPU report an error of its own or
run into the driver's watchdog. It is *harmful* if an input of a network gets a wrong output, tolerable ones included, or a write
to a foreign place, without a report. The networks are fashion-tiny (three pictures) and hello_world (three values), each inference
with the NPU reset before. Intervals are Clopper–Pearson, two-sided at 95 %.

The gates are yosys' generic ones and not those of Arm, whose logic is not public: shares hold for our machine.

## Safe, stopped, harmful

| block | NPU | gates | not seen | faults | drawn | shows | safe | stopped | harmful |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|
`

const outcomesHead = `
## Outcomes

Numbers of faults, by the worst that they do on any input.

| block | NPU | network | masked | error of the NPU | hang | tolerable output | critical output | write to a foreign place |
|---|---|---|---:|---:|---:|---:|---:|---:|
`

const mechanismsHead = `
## What mechanisms see

Every mechanism stands beside the machine alone, and only looks on. A harmful fault is seen if the mechanism raises
an alarm before the end, and before a write to a foreign place, on every input on which it does harm. Parity is that of every
clock, on all flops that the gates drive; *duplicate* is a second copy of the block, *lockstep* of all logic.

| block | NPU | mechanism | harmful | seen | coverage |
|---|---|---|---:|---:|---:|
`

const tail = `
Parity and the residue of the counters are made of what the flops load. Wrong logic before a flop gives them the same wrong
value, and they agree with it: they see upsets of what is stored, not faults of what is to be stored. The CRC of the weights sees the
stream before it is decoded. The checksum of the accumulators adds up what the array adds up, from the operands that the array has: it sees
wrong arithmetic, but neither a wrong operand nor a wrong address. A second copy computes every value a second time, and sees it.

That this is not for want of looking is tested: beside the same machine every one of these mechanisms raises an alarm when an upset of its kind hits. And a stuck gate
that drives one flop alone is that flop stuck, which another engine injects into the machine without gates: outcomes are the same.

The traversal counters are driven by other blocks within a clock. Their gates say what the counters hold from the next clock on; what other
blocks read of a counter in the very clock in which it moves comes from the machine's own logic.
`
