package npu_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/npu"
)

const orderPage = `# The order of blocks in a clock

A clock of the machine (` + "`npu.Machine.Step`" + `) evaluates its blocks one after the other on one state. Where a block stands
in the order decides what it sees of the others: the value of a register from before the clock edge, if its writer comes later, or
the new one of the same cycle, if its writer came earlier. This page is the list ` + "`order`" + ` in ` + "`npu/order.go`" + `, written by
` + "`go test ./npu -run StepOrderPage -update`" + `. Tests run the machine in other orders: see the end.

## The graph

An arrow says that a block is evaluated after another; arrows that follow from others are left out. A dotted arrow matters only after
an upset or an error, or in a stream without a wait that it needs: then two blocks may meet at one word of the shared buffer, or one
halts the NPU in the middle of the work of another. Blocks without a path between them may change places.

` + "```mermaid\nflowchart TD\n%s```" + `

%d orders keep all arrows. %d keep the solid ones; they give the same states as long as nothing of the kind
occurs.

## The hand-shakes

How two blocks share a register is one of three:

* **registered**: the earlier block reads what the later one writes. It sees the value from before the clock edge, as a flop
  delivers it.
* **through**: the earlier block writes what the later one reads, which sees the new value in the same cycle. A ready or a valid
  passes through combinational logic; no register stands behind it.
* **priority**: both write. The value of the later block stays.

%d hand-shakes are registered, %d pass through, %d are priorities. One register stands for all
that go together, as a count for its FIFO. *Fault*: the order shows only in the cases of a dotted arrow. The registers of a bank
(` + "`CC.Bank`" + `) change until an operation is issued, which ` + "`CC.OpValid`" + ` stands for.

%s
## What tests show

All of them are in ` + "`npu/order*_test.go`" + ` and use streams of Vela with transfers, weights and elementwise operations and random
operations, on the smallest and the largest configuration, with slow and with fast memories:

* Step calls the blocks in the order of the list.
* Every order that keeps all arrows gives the states of Step, also while flips come down on registers and on the shared buffer. So
  do orders drawn at random that keep the solid arrows, without flips, among them one for each pair that may change places, in
  which it does. The registers are compared in every cycle, the shared buffer in every 64th and at the end, the memory at the end.
* A solid arrow turned round gives other states.
* Pair by pair, in states of the streams as they are and damaged: two blocks that share no register give the same state in either
  order. Each pair of the list depends on its order in some state: one without faults, or, where all its lines are marked, only
  damaged ones.
* Each register of the list is written by the one block, and what the other does depends on it.
`

// TestStepOrderPage keeps docs/step-order.md in step with the list.
func TestStepOrderPage(t *testing.T) {
	all, clean := linked(t, true), linked(t, false)
	var arrows, lines strings.Builder
	for i, b := range npu.Order {
		fmt.Fprintf(&arrows, "    b%d[\"%s\"]\n", i, b.Name)
	}
	count := map[string]int{}
	words := map[any]string{npu.Registered: "registered", npu.Through: "through", npu.Priority: "priority"}
	lines.WriteString("| block | after | register | | fault | |\n|---|---|---|---|---|---|\n")
	for i, b := range npu.Order {
		for j := range i {
			switch {
			case clean[i]>>j&1 != 0 && !clean.implied(j, i):
				fmt.Fprintf(&arrows, "    b%d --> b%d\n", j, i)
			case all[i]>>j&1 != 0 && !all.implied(j, i):
				fmt.Fprintf(&arrows, "    b%d -.-> b%d\n", j, i)
			}
		}
		for _, h := range b.After {
			fault := ""
			if h.Fault {
				fault = "fault"
			}
			count[words[h.Link]]++
			fmt.Fprintf(&lines, "| %s | %s | `%s` | %s | %s | %s |\n", b.Name, h.With, h.Register, words[h.Link], fault, h.Why)
		}
	}
	var orders [2]int
	for k, g := range []graph{all, clean} {
		g.each(func([]int) { orders[k]++ })
	}
	page := fmt.Appendf(nil, orderPage, arrows.String(), orders[0], orders[1], count["registered"], count["through"], count["priority"], lines.String())
	file := filepath.Join("..", "docs", "step-order.md")
	if *update {
		if err := os.WriteFile(file, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, page) {
		t.Error("docs/step-order.md is not what the list says: go test ./npu -run StepOrderPage -update")
	}
}
