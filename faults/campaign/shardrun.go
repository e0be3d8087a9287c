package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"upset/faults"
	"upset/faults/disk"
	"upset/faults/engine"
)

// RunShard injects what is left of a shard and writes its file. Files of attempts that
// were killed are read, never written to: each attempt writes a file of its own, so that
// a process that was given up for dead and lives on does no harm. The error is
// [ErrInterrupted] when the context ends; what is done is then on the disk.
func RunShard(ctx context.Context, e *engine.Engine, j *Job, number int, o RunOptions) error {
	if b := ThisBuild(); !j.c.builtBy(b) {
		return fmt.Errorf("%w: this is build %s, the campaign is planned by build %s", ErrVersion, b, j.c.builds[len(j.c.builds)-1])
	}
	r, err := newRunner(e, j.Spec, o)
	if err != nil {
		return err
	}
	return r.shard(ctx, j, number)
}

// shardRun is a shard under way.
type shardRun struct {
	job   *Job
	shard Shard
	log   *writer
	have  map[int]faults.Record
	total int
	tell  func(Progress)
}

// shard runs a shard.
func (r *runner) shard(ctx context.Context, j *Job, number int) error {
	if number < 1 || number > j.Shards {
		return fmt.Errorf("shard %d: round %d has the shards 1 to %d", number, j.Round, j.Shards)
	}
	if err := j.c.fits(r.spec, r.pop.Digest()); err != nil {
		return err
	}
	if a, b := Digest(j.c.header.Frame), Digest(r.frame); a != b {
		return fmt.Errorf("%w: the sampling frame of the plan has the digest %s, this machine makes %s", ErrSpecMismatch, a, b)
	}
	if done, err := j.Done(number); done || err != nil {
		return err
	}
	s := &shardRun{job: j, shard: j.shard(number), have: map[int]faults.Record{}, tell: r.options.Progress}
	s.total = s.shard.size(j.round())
	parts, err := s.takeOver(r.pop)
	if err != nil {
		return err
	}
	if err := r.spotCheck(ctx, &contents{records: s.sorted(), builds: j.c.builds}); err != nil {
		return err
	}
	d := disk.Or(r.options.Disk)
	f, err := d.CreateTemp(filepath.Join(j.Dir, shardFolder), fmt.Sprintf("%s.%s-%d-*%s", s.shard.stem(), hostName(), os.Getpid(), partEnding))
	if err != nil {
		return fmt.Errorf("shard: %w", err)
	}
	defer f.Close()
	if err := f.Chmod(0o644); err != nil { // CreateTemp makes files readable by the owner only
		return fmt.Errorf("shard: %w", err)
	}
	own := f.Name()
	s.log = &writer{f: f, name: filepath.Base(own)}
	if err := s.begin(); err != nil {
		return err
	}
	crew := crew{max(1, r.options.Workers), r.worker, r.pop}
	if err := crew.inject(ctx, blocks(ctx, s.left(r), r.frame.block()), func(answer) {}, s.keep); err != nil {
		return err
	}
	if len(s.have) < s.total {
		return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	}
	if err := s.finish(d); err != nil {
		return err
	}
	for _, name := range append(parts, own) {
		if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("shard: %w", err)
		}
	}
	return nil
}

// hostName names the machine in the names of files.
func hostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "host"
	}
	clean := []byte(name)
	for i, c := range clean {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
			clean[i] = '_'
		}
	}
	return string(clean)
}

// takeOver reads what earlier attempts left. A file whose end was being written is taken
// up to its last whole frame; one without a header holds nothing.
func (s *shardRun) takeOver(pop Population) ([]string, error) {
	parts, err := filepath.Glob(filepath.Join(globbed(s.job.Dir), shardFolder, s.shard.stem()+".*"+partEnding))
	if err != nil {
		return nil, fmt.Errorf("shard: %w", err)
	}
	for _, name := range parts {
		f, err := readShard(name)
		if errors.Is(err, ErrShardDamaged) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = s.job.accepts(f.head)
		}
		if err == nil && f.head.Shard != s.shard {
			err = fmt.Errorf("%w: it is %s", ErrForeign, f.head.Shard)
		}
		if err == nil {
			slices.SortFunc(f.records, byIndex)
			err = f.check(s.job, pop)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w; remove it", name, err)
		}
		for _, r := range f.records {
			if old, ok := s.have[r.index]; ok && !old.Same(r.record) {
				return nil, fmt.Errorf("%s: %w: injection %d; an earlier attempt has another record", name, ErrDiffers, r.index)
			}
			s.have[r.index] = r.record
		}
	}
	return parts, nil
}

// globbed protects the name of a folder from being taken for a pattern.
func globbed(dir string) string {
	var b []byte
	for _, c := range []byte(dir) {
		if c == '*' || c == '?' || c == '[' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return string(b)
}

func byIndex(a, b indexed) int { return cmp.Compare(a.index, b.index) }

// sorted lists the records in order of their numbers.
func (s *shardRun) sorted() []indexed {
	list := make([]indexed, 0, len(s.have))
	for _, i := range slices.Sorted(maps.Keys(s.have)) {
		list = append(list, indexed{i, s.have[i]})
	}
	return list
}

// start encodes the magic line and the header.
func (s *shardRun) start() ([]byte, error) {
	head := s.job.head
	head.Number = s.shard.Number
	body, err := jsonBody(frameShard, head)
	if err != nil {
		return nil, err
	}
	return appendFrame([]byte(shardMagic), frameShard, body), nil
}

// begin writes the header and what was taken over.
func (s *shardRun) begin() error {
	b, err := s.start()
	if err != nil {
		return err
	}
	return s.log.append(appendRecords(b, s.sorted()))
}

// left lists the injections that are not done.
func (s *shardRun) left(r *runner) (list []job) {
	round := s.job.round()
	w := walker{rounds: s.job.c.rounds}
	for i := round.Start + s.shard.Number - 1; i < round.end(); i += s.shard.Of {
		stratum, _ := w.at(i)
		if _, done := s.have[i]; done {
			continue
		}
		d := r.frame.draw(r.spec.Seed, i, stratum)
		list = append(list, job{i, d.cell, d.input, r.frame.site(r.pop, d)})
	}
	return list
}

// keep writes records.
func (s *shardRun) keep(list []indexed) error {
	if err := s.log.records(list); err != nil {
		return err
	}
	for _, r := range list {
		s.have[r.index] = r.record
	}
	if s.tell != nil {
		s.tell(Progress{Round: s.job.Round, Done: len(s.have), Total: s.total, Cap: s.total})
	}
	return nil
}

// finish writes the finished file in place.
func (s *shardRun) finish(d disk.Disk) error {
	b, err := s.start()
	if err != nil {
		return err
	}
	list := s.sorted()
	body, err := jsonBody(frameEnd, shardEnd{len(list), shardDigest(s.job.head.SpecDigest, list)})
	if err != nil {
		return err
	}
	return disk.WriteWhole(d, s.job.Path(s.shard.Number), appendFrame(appendRecords(b, list), frameEnd, body))
}
