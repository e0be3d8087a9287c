package campaign

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A campaign that many processes run is planned once. Its folder then holds a log with
// the first round, and beside it, in the folder shards, one plan for each round: a log
// without records, which is all that a shard needs. A shard is every n-th injection of a
// round, so that all shards of a round cost about the same. Each writes a file of its
// own; [Merge] folds them into the log and plans the next round.
const (
	shardFolder = "shards"
	planEnding  = ".plan"
	doneEnding  = ".done"
	partEnding  = ".part"
)

// MaxShards is the most shards of a round. Slurm takes arrays of 1,001 tasks unless its
// administrator allows more (MaxArraySize in slurm.conf(5)).
const MaxShards = 1000

// Cut says how rounds are cut into shards: into so many, or, with Length, into as many as
// have at least so many injections each, up to [MaxShards].
type Cut struct {
	Shards int `json:"shards,omitempty"`
	Length int `json:"length,omitempty"`
}

// Check reports a cut that cannot be.
func (c Cut) Check() error {
	switch {
	case c.Shards < 0 || c.Shards > MaxShards:
		return fmt.Errorf("%d shards: choose 1 to %d", c.Shards, MaxShards)
	case c.Length < 0:
		return fmt.Errorf("shards of %d injections: choose 1 or more", c.Length)
	case (c.Shards == 0) == (c.Length == 0):
		return fmt.Errorf("%d shards of %d injections: give one of the two", c.Shards, c.Length)
	}
	return nil
}

// of is the number of shards of a round; none is empty.
func (c Cut) of(r Round) int {
	n := c.Shards
	if c.Length > 0 {
		n = min(r.Size/c.Length, MaxShards)
	}
	return max(1, min(n, r.Size))
}

// Shard is every Of-th injection of a round, from the Number-th on. Rounds and shards
// count from 1.
type Shard struct {
	Round  int `json:"round"`
	Number int `json:"shard"`
	Of     int `json:"shards"`
}

// String names a shard for a reader.
func (s Shard) String() string {
	return fmt.Sprintf("shard %d/%d of round %d", s.Number, s.Of, s.Round)
}

// ParseShard reads k/n with k from 1 to n.
func ParseShard(text string) (number, of int, err error) {
	k, n, ok := strings.Cut(text, "/")
	number, err1 := strconv.Atoi(k)
	of, err2 := strconv.Atoi(n)
	if !ok || err1 != nil || err2 != nil || of < 1 || number < 1 || number > of {
		return 0, 0, fmt.Errorf("shard %q: write k/n with k from 1 to n, such as 3/16", text)
	}
	return number, of, nil
}

// size is the number of injections of a shard.
func (s Shard) size(r Round) int { return (r.Size - s.Number + s.Of) / s.Of }

// has reports whether a shard has injection i.
func (s Shard) has(r Round, i int) bool {
	return i >= r.Start && i < r.end() && (i-r.Start)%s.Of == s.Number-1
}

// stem is the name of a shard's files without their ending.
func (s Shard) stem() string { return fmt.Sprintf("round-%d-shard-%04d", s.Round, s.Number) }

// planName is the name of a round's plan.
func planName(round int) string { return fmt.Sprintf("round-%d%s", round, planEnding) }

// Job is the round of a planned campaign whose turn it is, or was.
type Job struct {
	Dir  string // of the campaign
	Spec Spec
	Note map[string]string
	// Round counts from 1. It has Size injections and is cut into Shards.
	Round  int
	Size   int
	Shards int

	c    *contents
	head shardHeader // of every shard of the round, without its number
}

// OpenJob reads the plan of a round in the folder of a campaign; 0 is the last one.
func OpenJob(dir string, round int) (*Job, error) {
	if round == 0 {
		var err error
		if round, err = lastPlan(dir); err != nil {
			return nil, err
		}
	}
	name := filepath.Join(dir, shardFolder, planName(round))
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("no plan of round %d in %s: %w", round, dir, err)
	}
	defer f.Close()
	c, err := readFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	switch {
	case c.damaged() || c.torn:
		return nil, fmt.Errorf("%s: %w; upset campaign merge writes it again", name, ErrDamaged)
	case c.header.Cut == nil || len(c.rounds) == 0 || len(c.records) > 0 || c.end != nil:
		return nil, fmt.Errorf("%s: %w: it is no plan of shards", name, ErrCorrupt)
	case len(c.rounds) != round:
		return nil, fmt.Errorf("%s: %w: it is the plan of round %d", name, ErrCorrupt, len(c.rounds))
	}
	return newJob(dir, c), nil
}

// newJob is the job of the last round of a log.
func newJob(dir string, c *contents) *Job {
	k := len(c.rounds) - 1
	j := &Job{
		Dir: dir, Spec: c.header.Spec, Note: c.header.Note, Round: k + 1, Size: c.rounds[k].Size,
		Shards: c.header.Cut.of(c.rounds[k]), c: c,
	}
	j.head = newShardHeader(c, j.Shards)
	return j
}

// round is the plan of the round.
func (j *Job) round() Round { return j.c.rounds[j.Round-1] }

// shard is one of the job's shards.
func (j *Job) shard(number int) Shard { return Shard{j.Round, number, j.Shards} }

// MaxRounds is the most rounds that there may be.
func (j *Job) MaxRounds() int {
	n, err := mostRounds(j.Spec)
	if err != nil {
		return j.Round // a spec that was planned has a size
	}
	return n
}

// Path is the file of a finished shard.
func (j *Job) Path(number int) string {
	return filepath.Join(j.Dir, shardFolder, j.shard(number).stem()+doneEnding)
}

// Done reports whether a shard's file is there and whole. A damaged one counts as not
// there: running the shard replaces it. The error is [ErrForeign] where the file is of
// another campaign.
func (j *Job) Done(number int) (bool, error) {
	s, err := readShard(j.Path(number))
	if err != nil {
		return false, nil
	}
	err = j.accepts(s.head)
	if err == nil && s.head.Shard != j.shard(number) {
		err = fmt.Errorf("%w: it is %s", ErrForeign, s.head.Shard)
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w; remove it", j.Path(number), err)
	}
	return s.complete(j) == nil, nil
}

// lastPlan is the number of the last round that has a plan in a folder.
func lastPlan(dir string) (int, error) {
	files, err := os.ReadDir(filepath.Join(dir, shardFolder))
	if err != nil {
		return 0, fmt.Errorf("no plan of shards in %s: %w", dir, err)
	}
	last := 0
	for _, f := range files {
		var n int
		if _, err := fmt.Sscanf(f.Name(), "round-%d.plan", &n); err == nil && f.Name() == planName(n) {
			last = max(last, n)
		}
	}
	if last == 0 {
		return 0, fmt.Errorf("no plan of shards in %s: make one with upset campaign plan (%w)", dir, os.ErrNotExist)
	}
	return last, nil
}
