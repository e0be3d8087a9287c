// Package gates measures what pulses in the logic of a block do. Machines run beside the gates of the
// block (package cosim); when these have settled in a clock, a gate of each of 256 machines is
// inverted, chosen by its area, and what the flops would take over then is compared.
//
// Whether a pulse spreads is found with the gate inverted for the whole clock (logical masking). How
// it narrows, when it arrives and whether a flop takes it are those of the declared model
// (transient.Model); all phases of a pulse are considered at once, as shares of the period.
package gates
