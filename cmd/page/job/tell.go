package job

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/story"
)

// flipsEach is the number of injections of each outcome that are offered for a story (our
// choice).
const flipsEach = 6

// telling lists the outcomes whose stories are offered, the most telling first.
var telling = []faults.Outcome{
	faults.SDCCritical, faults.StrayWrite, faults.SDCTolerable, faults.DUEHang, faults.DUEDetected, faults.Latent, faults.Masked,
}

// Flip is an injection of the campaign.
type Flip struct {
	Number  int    `json:"number"`
	Site    string `json:"site"` // as upset inject --site takes it
	Input   int    `json:"input"`
	Outcome string `json:"outcome"` // in words
}

// flips are injections whose story is worth telling. Of masked ones those are taken that
// were simulated: of the others there is nothing to see.
func (r *ran) flips() []Flip {
	list := []Flip{}
	for _, o := range telling {
		n := 0
		for k := range r.stored.Records {
			rec := &r.stored.Records[k]
			if rec.Outcome != o || n == flipsEach || o == faults.Masked && rec.Path.Pruned() {
				continue
			}
			n++
			name := fmt.Sprintf("%s@%d", r.engine.Table().Name(rec.Site.ID), rec.Site.Cycle)
			list = append(list, Flip{Number: r.stored.Index[k], Site: name, Input: int(rec.Input), Outcome: o.Word()})
		}
	}
	return list
}

// Tale is the story of a flip.
type Tale struct {
	Network string `json:"network"`
	Site    string `json:"site"`
	Input   int    `json:"input"`
	Block   string `json:"block"` // that the bit is in, as story.Event names blocks
	Class   string `json:"class"`
	Before  uint8  `json:"before"`
	After   uint8  `json:"after"`
	During  string `json:"during"` // the operation under way
	Word    string `json:"word"`   // the command taken last
	Outcome string `json:"outcome"`
	Cause   string `json:"cause"`
	End     uint64 `json:"end"` // cycles after the flip
	Bytes   int    `json:"bytes"`
	Outputs int    `json:"outputs"`
	Steps   []Step `json:"steps"`
	Text    string `json:"text"` // as upset inject prints it
}

// Step is one step of a story. Blocks are those that differ from then on.
type Step struct {
	Cycle  uint64   `json:"cycle"` // after the flip
	What   string   `json:"what"`
	Blocks []string `json:"blocks"`
}

// Tell tells the story of a flip: a site such as mac.acc[3].17@600, and the number of an
// input of the last campaign.
func (s *Session) Tell(ctx context.Context, site string, input int) (*Tale, error) {
	if s.last == nil {
		return nil, refused("run a campaign first: stories are told of its network")
	}
	e := s.last.engine
	if input < 0 || input >= e.Inputs() {
		return nil, refused("input %d: there are the inputs 0 to %d", input, e.Inputs()-1)
	}
	at, err := parseSite(e, site)
	if err != nil {
		return nil, err
	}
	w, err := e.Worker()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	st, err := story.Tell(w, input, at)
	if err != nil {
		return nil, err
	}
	r := &st.Record
	t := &Tale{
		Network: s.last.network, Site: fmt.Sprintf("%s@%d", st.Name, r.Site.Cycle), Input: input,
		Block: st.Block, Class: st.Class, Before: r.Before, After: r.After,
		During: fmt.Sprintf("operation %d %s, layer %d", st.Op.Index, st.Op.Name, st.Op.Layer), Word: st.Command,
		Outcome: r.Outcome.Word(), Cause: r.Cause.String(), End: r.End - min(r.End, r.Site.Cycle),
		Bytes: st.Bytes, Outputs: len(st.Outputs), Text: st.String(), Steps: []Step{},
	}
	for _, ev := range st.Events {
		t.Steps = append(t.Steps, Step{ev.Cycle, ev.What, append([]string{}, ev.Blocks...)})
	}
	return t, nil
}

// parseSite reads a site such as mac.acc[3].17@600.
func parseSite(e *engine.Engine, name string) (faults.Site, error) {
	bit, at, ok := strings.Cut(strings.TrimSpace(name), "@")
	cycle, err := strconv.ParseUint(at, 10, 64)
	switch {
	case !ok:
		return faults.Site{}, refused("site %q lacks its cycle: write for example mac.acc[3].17@600", name)
	case err != nil || cycle >= e.Cycles():
		return faults.Site{}, refused("site %q: the cycle must be a number below %d", name, e.Cycles())
	}
	id, err := e.Table().Parse(bit)
	return faults.Site{ID: id, Cycle: cycle}, err
}
