package campaign

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// Merged is what a merge found.
type Merged struct {
	// Result is that of the complete campaign, nil before.
	Result *result.Campaign
	// Job is the round whose turn it is, nil when the campaign is complete. Missing are
	// the shards of it that are not in the log, from 1; Planned says that this merge made
	// its plan.
	Job     *Job
	Missing []int
	Planned bool
	// Folded is the number of injections that this merge put into the log.
	Folded int
}

// errMissing ends a merge where shards are missing.
var errMissing = errors.New("shards are missing")

// Merge folds the finished shards in the folder of a campaign into its log. A complete
// round is followed by the plan of the next one, or by the end of the campaign. Shards of
// another campaign or plan, damaged ones, and several that have the same injections are
// refused by name; then nothing of the round is folded. The population is that of the
// campaign, nil for the plain machine's.
func Merge(ctx context.Context, dir string, pop Population, o RunOptions) (*Merged, error) {
	began := time.Now()
	w, c, release, err := openLog(o.Disk, dir, o.Lock)
	if err != nil {
		return nil, err
	}
	defer release()
	if c == nil {
		return nil, fmt.Errorf("no campaign in %s: %w", dir, os.ErrNotExist)
	}
	if d := c.damage(); d != nil {
		return nil, fmt.Errorf("campaign %s: %w", dir, d.error())
	}
	if c.header.Cut == nil {
		return nil, fmt.Errorf("campaign %s: %w: one process runs it, it is not cut into shards; go on with upset campaign resume", dir, ErrSpecMismatch)
	}
	if pop == nil {
		if pop, err = plainOf(c.header.Spec); err != nil {
			return nil, err
		}
	}
	o.Population, o.Progress = pop, nil
	m := &merge{runner: &runner{spec: c.header.Spec, frame: c.header.Frame, pop: pop, options: o, began: began, log: w}, dir: dir, c: c}
	out, err := m.run(ctx)
	if err != nil {
		return nil, fmt.Errorf("campaign %s: %w", dir, err)
	}
	return out, nil
}

// plainOf is the population of the plain machine that a spec is about.
func plainOf(s Spec) (Population, error) {
	config, err := isa.ParseConfig(s.NPU)
	if err != nil {
		return nil, err
	}
	codes := map[string]npu.ECC{eccNone: npu.ECCNone, eccParity: npu.ECCParity, eccSECDED: npu.ECCSECDED}
	return NewPlain(netlist.New(config, codes[s.ECC]), s)
}

// merge is a merge under way.
type merge struct {
	*runner
	dir string
	c   *contents
	out Merged
}

// run folds round by round.
func (m *merge) run(ctx context.Context) (*Merged, error) {
	if err := m.begin(m.c); err != nil {
		return nil, err
	}
	before := len(m.rounds)
	if !m.c.complete() {
		if now := ThisBuild(); m.builds[len(m.builds)-1] != now && !m.c.builtBy(now) {
			m.builds = append(m.builds, now)
			if err := m.log.json(frameBuild, now); err != nil {
				return nil, err
			}
		}
		m.instead = m.fold
		_, err := m.finish(ctx)
		if errors.Is(err, errMissing) {
			m.out.Planned = len(m.rounds) > before
			m.out.Job, err = writePlan(m.options.Disk, m.dir)
			return &m.out, err
		}
		if err != nil {
			return nil, err
		}
	}
	res, err := m.stored(true).Campaign(m.options.Question)
	m.out.Result = res
	return &m.out, err
}

// fold takes the shards of a round into the log.
func (m *merge) fold(ctx context.Context, k int) error {
	if !m.missing(k) {
		return nil
	}
	j := newJob(m.dir, &contents{header: m.c.header, builds: m.builds, rounds: m.rounds[:k+1]})
	names, err := shardFiles(m.dir)
	if err != nil {
		return err
	}
	var refused []error
	found := map[int]string{}
	var list []indexed
	for _, name := range names {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s, err := m.accept(j, name, found)
		switch {
		case err != nil:
			refused = append(refused, fmt.Errorf("%s: %w", filepath.Base(name), err))
		case s != nil:
			found[s.head.Number] = filepath.Base(name)
			list = append(list, s.records...)
		}
	}
	if refused != nil {
		return errors.Join(refused...)
	}
	list = slices.DeleteFunc(list, func(r indexed) bool { return m.have[r.index] })
	for part := range slices.Chunk(list, chunkSize) {
		if err := m.flush(part); err != nil {
			return err
		}
	}
	m.out.Folded += len(list)
	if !m.missing(k) {
		return nil
	}
	gap := map[int]bool{}
	for i := j.round().Start; i < j.round().end(); i++ {
		if !m.have[i] {
			gap[(i-j.round().Start)%j.Shards+1] = true
		}
	}
	for n := 1; n <= j.Shards; n++ {
		if gap[n] {
			m.out.Missing = append(m.out.Missing, n)
		}
	}
	return errMissing
}

// accept reads a shard of the round; it is nil for one of a round before.
func (m *merge) accept(j *Job, name string, found map[int]string) (*shardFile, error) {
	s, err := readShard(name)
	if err != nil {
		return nil, err
	}
	if s.head.Round > 0 && s.head.Round < j.Round {
		earlier := newJob(m.dir, &contents{header: m.c.header, builds: m.builds, rounds: m.rounds[:s.head.Round]})
		return nil, earlier.accepts(s.head)
	}
	if err := j.accepts(s.head); err != nil {
		return nil, err
	}
	if s.head.Of != j.Shards {
		return nil, fmt.Errorf("%w: the shard overlaps others, it is %s and the plan has %d shards; remove it", ErrShardTwice, s.head.Shard, j.Shards)
	}
	if other, ok := found[s.head.Number]; ok {
		return nil, fmt.Errorf("%w: %s is %s too; remove one of them", ErrShardTwice, other, s.head.Shard)
	}
	if err := s.check(j, m.pop); err != nil {
		return nil, err
	}
	if err := s.complete(j); err != nil {
		return nil, err
	}
	for _, r := range s.records {
		if m.have[r.index] && !m.records[r.index].Same(r.record) {
			return nil, fmt.Errorf("%w: injection %d is another one in the log", ErrDiffers, r.index)
		}
	}
	return s, nil
}

// shardFiles lists the finished shards of a folder.
func shardFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, shardFolder))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("folder of shards: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), doneEnding) {
			names = append(names, filepath.Join(dir, shardFolder, e.Name()))
		}
	}
	return names, nil
}
