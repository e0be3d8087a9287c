// Package exhaustive resolves every upset of every flop at every cycle of a short
// inference, and judges the statistics of campaigns by that ground truth.
//
// It works backwards in time. An upset at cycle t is stepped once; the state is then
// most often the fault-free one of t+1 with no bit or one bit inverted, whose outcome
// is known already. Only other states are stepped on, until they meet a state whose
// outcome is known, stop, or repeat themselves.
package exhaustive
