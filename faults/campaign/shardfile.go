package campaign

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"upset/faults"
)

// The file of a shard is a magic line and frames as in a log: a header, records, and an
// end. A finished file holds its records in order of their numbers, so that a shard that
// runs twice writes the same bytes twice, but for the path that each record took.
const shardMagic = "upset shard 1\n"

// Errors that callers tell apart.
var (
	// ErrForeign: a shard belongs to another campaign, or to another plan of this one.
	ErrForeign = errors.New("the shard belongs to another campaign")
	// ErrShardTwice: several shards have the same injections.
	ErrShardTwice = errors.New("injections are there twice")
	// ErrShardDamaged: a shard's file is not what a shard writes.
	ErrShardDamaged = errors.New("the shard is damaged")
)

// shardHeader is the first frame of a shard's file.
type shardHeader struct {
	Format         int    `json:"format"`
	Classification int    `json:"classification"`
	Build          Build  `json:"build"`
	SpecDigest     string `json:"spec_digest"`
	Table          string `json:"table"`
	Program        string `json:"program"`
	Inputs         string `json:"inputs"`
	Frame          string `json:"frame"` // digest of the sampling frame
	Seed           uint64 `json:"seed"`
	Plan           string `json:"plan"`  // digest of the round's plan
	Start          int    `json:"start"` // injections of the round
	Size           int    `json:"size"`
	Shard
}

// newShardHeader is the header of the shards of a log's last round.
func newShardHeader(c *contents, shards int) shardHeader {
	k, s := len(c.rounds)-1, c.header.Spec
	return shardHeader{
		Format: c.header.Format, Classification: c.header.Classification, Build: ThisBuild(), SpecDigest: c.header.SpecDigest,
		Table: c.header.Table, Program: s.Program, Inputs: s.Inputs, Frame: Digest(c.header.Frame), Seed: s.Seed,
		Plan: Digest(c.rounds[k]), Start: c.rounds[k].Start, Size: c.rounds[k].Size, Shard: Shard{Round: k + 1, Of: shards},
	}
}

// accepts reports a shard that is not one of the job, and by what it is told.
func (j *Job) accepts(h shardHeader) error {
	want := j.head
	for _, d := range []struct {
		what      string
		got, want any
	}{
		{"the format", h.Format, want.Format}, {"rules of classification", h.Classification, want.Classification},
		{"the network", h.Program, want.Program}, {"the inputs", h.Inputs, want.Inputs}, {"the site table", h.Table, want.Table},
		{"the seed", h.Seed, want.Seed}, {"the spec", h.SpecDigest, want.SpecDigest}, {"the sampling frame", h.Frame, want.Frame},
		{"the round", h.Round, want.Round}, {"the plan of the round", h.Plan, want.Plan},
		{"the first injection of the round", h.Start, want.Start}, {"the size of the round", h.Size, want.Size},
	} {
		if d.got != d.want {
			return fmt.Errorf("%w: of %s it has %.16s, the plan %.16s", ErrForeign, d.what, fmt.Sprint(d.got), fmt.Sprint(d.want))
		}
	}
	if !j.c.builtBy(h.Build) {
		return fmt.Errorf("%w: build %s made it, the campaign is planned by build %s; run it again with that build", ErrForeign, h.Build, j.c.builds[len(j.c.builds)-1])
	}
	return nil
}

// builtBy reports whether a build has a part in a log.
func (c *contents) builtBy(b Build) bool {
	for _, x := range c.builds {
		if x == b {
			return true
		}
	}
	return false
}

// shardEnd is the last frame of a finished shard.
type shardEnd struct {
	Injections int    `json:"injections"`
	Digest     string `json:"digest"`
}

// shardFile is what the file of a shard holds.
type shardFile struct {
	head    shardHeader
	records []indexed
	end     *shardEnd
	rest    bool // something unreadable stands behind the whole frames
}

// readShard reads the file of a shard up to the first frame that is not whole.
func readShard(name string) (*shardFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("shard: %w", err)
	}
	defer f.Close()
	s, err := parseShard(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// parseShard reads a shard.
func parseShard(r io.Reader) (*shardFile, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	magic := make([]byte, len(shardMagic))
	if _, err := io.ReadFull(in, magic); err != nil && !cutOff(err) {
		return nil, fmt.Errorf("read: %w", err)
	}
	kind, body, err := readFrame(in)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errTorn) {
		return nil, fmt.Errorf("read: %w", err)
	}
	if string(magic) != shardMagic || err != nil || kind != frameShard {
		return nil, fmt.Errorf("%w: it has no header", ErrShardDamaged)
	}
	s := &shardFile{}
	if err := json.Unmarshal(body, &s.head); err != nil {
		return nil, fmt.Errorf("%w: its header: %w", ErrShardDamaged, err)
	}
	for {
		kind, body, err := readFrame(in)
		switch {
		case errors.Is(err, io.EOF):
			return s, nil
		case errors.Is(err, errTorn):
			s.rest = true
			return s, nil
		case err != nil:
			return nil, fmt.Errorf("read: %w", err)
		}
		if err := s.take(kind, body); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrShardDamaged, err)
		}
	}
}

// take adds a frame.
func (s *shardFile) take(kind byte, body []byte) error {
	switch {
	case s.end != nil:
		return errors.New("it goes on behind its end")
	case kind == frameEnd:
		s.end = new(shardEnd)
		return json.Unmarshal(body, s.end)
	case kind != frameRecords || len(body)%recordSize != 0:
		return fmt.Errorf("a frame of type %q and %d bytes", kind, len(body))
	}
	for ; len(body) > 0; body = body[recordSize:] {
		r, err := parseRecord(body[:recordSize])
		if err != nil {
			return err
		}
		s.records = append(s.records, r)
	}
	return nil
}

// complete reports what keeps a finished shard of a job from being one.
func (s *shardFile) complete(j *Job) error {
	if err := s.check(j, nil); err != nil {
		return err
	}
	switch want := s.head.size(j.round()); {
	case s.end == nil || s.rest:
		return fmt.Errorf("%w: it breaks off after %d of %d records", ErrShardDamaged, len(s.records), want)
	case len(s.records) != want || s.end.Injections != want:
		return fmt.Errorf("%w: it has %d records of %d", ErrShardDamaged, len(s.records), want)
	case shardDigest(s.head.SpecDigest, s.records) != s.end.Digest:
		return fmt.Errorf("%w: its records are not those that its end names", ErrShardDamaged)
	}
	return nil
}

// check reports records that are not injections of the shard. With a population it also
// looks at the sites. Records of a finished shard stand in order.
func (s *shardFile) check(j *Job, pop Population) error {
	if s.head.Number < 1 || s.head.Number > s.head.Of {
		return fmt.Errorf("%w: it calls itself %s", ErrShardDamaged, s.head.Shard)
	}
	round := j.round()
	w := walker{rounds: j.c.rounds}
	last := -1
	for _, r := range s.records {
		if r.index <= last || !s.head.has(round, r.index) {
			return fmt.Errorf("%w: record %d does not belong there", ErrShardDamaged, r.index)
		}
		last = r.index
		if pop == nil {
			continue
		}
		stratum, _ := w.at(r.index) // a shard has only injections of its round
		d := j.c.header.Frame.draw(j.Spec.Seed, r.index, stratum)
		if r.record.Site != j.c.header.Frame.site(pop, d) || int(r.record.Input) != d.input {
			return fmt.Errorf("%w: record %d is not the injection that the plan asks for", ErrShardDamaged, r.index)
		}
	}
	return nil
}

// shardDigest is the SHA-256 over the spec's digest and the records, without their paths.
func shardDigest(spec string, list []indexed) string {
	h := sha256.New()
	h.Write([]byte(spec))
	var b []byte
	for _, r := range list {
		rec := r.record
		rec.Path = faults.Path(0)
		b = appendRecord(b[:0], r.index, rec)
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}
