package main

const head = `# Pulses in logic

This page is written by

    go run ./netlist/transient/generate

A particle that strikes a gate gives a pulse at its output (single-event transient, SET). It does harm only if flops take it over. How many do,
and which ones together, follows from the gates. The blocks below were written a second time, in Verilog, and made into gates (package
netlist/rtl); their machine runs ` + "`%s`" + `, %d inputs each, beside the gates, which hold the state of every clock. When the gates have settled, one of them is
inverted, chosen by its area, and what flops and outputs of the block would take over is compared. Registers that two blocks have, such as counters, belong to the
one that drives them.

What is simulated: whether a pulse spreads (logical masking), in states that occur. What is declared, since no public source says it for the NPU:

| input | value | source |
|---|---|---|
| where | gates of the block, by area: those of the cells of OSU 0.18 µm, a NAND2X1 being 1 gate equivalent (GE) | open library |
| when | any moment of a clock alike; all phases are considered at once | forced |
| clock | %g ps | Arm's Vela, Ethos_U55_High_End_Embedded: 500 MHz |
| delay | each level of logic alike, the longest way a clock | our choice |
| width where it begins | %s | our choice; no public source |
| narrowing | %g ps a level, ends at 0 | our choice; no public source |
| window of a flop | from %g ps before the edge to %g ps behind it, which the pulse must cover | our choice; no public source |

What is left out: ways of different length that meet again behind the gate and part the pulse or undo it; what an output does in the same clock by way of another
block or of the shared buffer; pulses in the clock tree, in resets and in flops themselves; pulses that two gates share. The gates are yosys' generic ones of our
Verilog, neither mapped for speed nor Arm's.

Intervals are of 95 %%, from 32 groups of machines.

## What becomes of pulses

Masked logically: neither flop nor output would change. Electrically: gone before any of them. By the window: at none of them when it takes over. At an output only:
a flop behind the block would take it over, none in it. Captured: by a flop of the block at least.

`

const activeText = `
## When they are captured

A flop that holds its value has logic in front of it that a pulse can pass, too.

`

const sizeText = `
## How many bits change together

Of captured pulses. An element is one register, or one of an array.

`

const frequentText = `
## Which registers change together

`

const variantText = `
## What depends on what is declared

Captured pulses under other declarations, all else alike.

`

const useText = `
## What is done with it

` + "`--fault set`" + ` draws from these events in the blocks above, of which at most %d are kept for clocks in which a register of the block changes, and as many for the others
(netlist/transient/events). An injection inverts all bits of its event at the clock edge, if the block does at that edge what it did when the event was
measured: changes a register, or none. Otherwise it counts as not captured. All other blocks keep the assumed model: one flop that loads at that edge takes a wrong
value ([faultmodels.md](faultmodels.md)).

With a declared rate of pulses (` + "`--set-fit-per-kge`" + `) a campaign of pulses gives a rate of its own for each block above:

    rate · GE of its logic / 1000 · (captured when active + captured when not) · violating share of the injections

An event of one kind of clock has no effect in the other, which is why both shares are added: the injections, spread over all clocks, weigh them. Limits are joint: those of the
violating share, at the limits of what is captured. Pulses at outputs and those of all other blocks are listed with their raw rate and not assessed. Nothing of
this is part of the rates of flops, and no verdict of a campaign of pulses on hardware-metric targets includes it.

` + "`upset assess`" + ` and ` + "`upset protect`" + ` take the same rate beside their upsets. 3,000 of these events are injected in each block on the machine of the campaign, and as many on the
inputs of the proof; those that violate are injected once more beside the design. The rate of what violates then is joined with the residual of upsets, with joint limits, and
held against the budget: a line of its own in the verdict (*residual with pulses in logic*), in no other figure, neither in SPFM nor in the rates of flops. Without a declared rate
pulses are not assessed. What the mechanisms make of a pulse:

* A hardened cell loads what stands at its input, and so do all copies of a triplicated flop, which have one logic in front of them: they keep nothing out.
* Parity, and the residue of the traversal counters, are made of what the flops load. If they arrive at the right value, parity sees an odd number of wrong bits in a group and misses an even
  one; if they take the wrong value over as well, they see nothing. Which it is hangs on delays behind further gates, that are not simulated: both are injected, and a
  pulse counts as violating if it violates in either case. The rate with right check bits is printed beside it.
* A copy of a block, or of the NPU, has logic of its own and is compared with; a checksum of what is computed, and a CRC of what is fetched, run beside the machine.

Where pulses take more than half of the budget (our choice), the search adds copies of the blocks in which most of them violate to the cheapest design for upsets. It does not
weigh upsets and pulses against each other, so that its designs are then not proved to be the cheapest. Pulses in gates of the mechanisms are not injected: in comparators they raise alarms, which are in
no rate of reported errors; at voters they are among the upsets.
`
