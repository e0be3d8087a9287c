package protect

import "upset/faults/campaign"

// subject is one network of a search: its campaign, and where designs are proven.
type subject struct {
	bench  Bench
	stored *campaign.Stored
	ev     *Evidence // that judges
	chosen *Evidence // that the search sees, nil for the same
	view   view      // of what judges
	caught []Caught
	ledger *Ledger
	mixed  bool // stands for several networks, by their shares of the time
}
