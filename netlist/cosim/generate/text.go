package main

const head = `# Machine beside gates

This page is written by

    go run ./netlist/cosim/generate -measure

Blocks of the machine were written a second time, in Verilog, from their pages in docs/blocks alone; whoever wrote the Verilog had not
seen the Go. It says nothing about Arm's RTL, and much about whether ours is what it says. yosys made gates of it, which package
netlist/gate simulates, 256 patterns at a time.

What this shows: the registers of a block and what it does to its neighbours, in every clock, without faults and after a
flip of each bit, follow from a description that fits on a page and from gates that can be built. What it does not show: anything about the blocks that are not
listed here, about the shared buffer's RAM, about timing, and about silicon.

## Without faults

Stretches of 200 clocks begin at random places in equal parts of each network's run, of its first 500,000 clocks where it is longer. After each clock all registers are compared, and
the effects of all outputs on the rest of the machine. A machine register bit without a flop, or the reverse, is an error
before anything runs (the map files beside the Verilog).

`

const flipsText = `
## After a flip

The same bit is inverted in the machine's block and in the gates. Both are then driven by what the undisturbed machine delivers, for 256 clocks or
until the block's registers are those of the undisturbed machine again; registers and outputs must be equal in every clock. A flip has spread when
another register bit or an output differed from the undisturbed run.

`

const verilatedText = `
## The Verilog itself

The gates are what yosys makes of the Verilog. To see that yosys is right, the Verilog runs beside the machine as well, in Verilator:

    go run ./netlist/rtl/verilate -json netlist/rtl/verilated.json

Earlier Verilog was another text of the same block; its comparison is to be repeated.

`

const silentText = `
## Bits that no flip spread from

On %s every bit was flipped as often as the table above says. Registers that other blocks read as they
stand, the counters and the weight blocks with their flags, are left out. A bit is dead by structure when no gate leads from it to an output or to another flop. The
other silent bits are listed: a share of harmful moments above 3 divided by the number of flips (95 %%) would have shown.

`
