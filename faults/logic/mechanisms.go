package logic

import (
	"upset/faults/mechanism"
	"upset/npu"
)

// homes are the blocks of the site table whose registers the gates of a block hold, its own
// first.
var homes = map[string][]string{
	npu.TraversalBoundary().Block:     {"traversal"},
	npu.WeightDecoderBoundary().Block: {"wd", "traversal"},
	"mac_array":                       {"mac", "traversal"},
	"output_stage":                    {"ao", "traversal"},
}

// Home is the block of the site table that gates of a block belong to, empty for a name that is
// not known.
func Home(block string) string {
	if h := homes[block]; len(h) > 0 {
		return h[0]
	}
	return ""
}

// Mechanisms are those that may stand beside gates of a block, each with its places: parity that is
// checked at every clock on all flops that the gates drive, the checkers, a second copy of the
// block, a second copy of all.
func Mechanisms(block string) [][]mechanism.Choice {
	var parity []mechanism.Choice
	for _, h := range homes[block] {
		parity = append(parity, mechanism.Choice{Block: h, Kind: mechanism.ParityAlways})
	}
	out := [][]mechanism.Choice{parity}
	for _, k := range mechanism.Checkers() {
		out = append(out, []mechanism.Choice{{Block: mechanism.Home(k), Kind: k}})
	}
	return append(out, []mechanism.Choice{{Block: Home(block), Kind: mechanism.Duplicate}},
		[]mechanism.Choice{{Block: mechanism.Whole, Kind: mechanism.Lockstep}})
}
