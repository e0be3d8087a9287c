package campaign

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"sort"

	"upset/faults"
	"upset/faults/disk"
)

// errNoHeader: the file ends before its header does, so that there is no campaign.
var errNoHeader = fmt.Errorf("the log has no header: run the campaign again (%w)", fs.ErrNotExist)

// contents is what a log holds.
type contents struct {
	header  header
	raw     []byte // the body of the header as it stands in the log
	copies  int    // of the header that were read
	builds  []Build
	rounds  []Round
	records []indexed // of these rounds, in index order, no two of one index
	spare   []indexed // the same, of rounds whose plan is lost
	highest int       // plans and records are known of injections below this number
	end     *ending
	size    int64 // up to the end of the last whole frame
	torn    bool  // something else stands behind it
	gaps    []gap // what is unreadable between whole frames
}

// readFile reads the log in a file.
func readFile(f disk.File) (*contents, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", LogName, err)
	}
	return readLog(f, info.Size())
}

// readLog reads a log of the given size. What follows the last whole frame is a torn
// tail. What is unreadable between whole frames is damage: what is written stands on the
// disk before the next is written. A frame that passes its check but makes no sense is
// an error.
func readLog(r io.ReaderAt, size int64) (*contents, error) {
	c := &contents{}
	magic := make([]byte, min(int64(len(logMagic)), size))
	if _, err := r.ReadAt(magic, 0); err != nil && !cutOff(err) {
		return nil, fmt.Errorf("read %s: %w", LogName, err)
	}
	if len(magic) < len(logMagic) {
		if string(magic) != logMagic[:len(magic)] {
			return nil, fmt.Errorf("%w: it is no record log", ErrCorrupt)
		}
		return nil, errNoHeader
	}
	if err := c.frames(r, string(magic) != logMagic, size); err != nil {
		return nil, err
	}
	if c.header.Frame == nil {
		return nil, errNoHeader
	}
	return c, c.settle()
}

// frames reads all frames that are whole. Damaged says that the magic line is.
func (c *contents) frames(r io.ReaderAt, damaged bool, size int64) error {
	c.size = int64(len(logMagic))
	if damaged {
		next, err := findFrame(r, c.size, size)
		if err != nil {
			return err
		}
		if next < 0 {
			return fmt.Errorf("%w: it is no record log", ErrCorrupt)
		}
		c.gaps = append(c.gaps, gap{0, next})
		c.size = next
	}
	for {
		in := bufio.NewReaderSize(io.NewSectionReader(r, c.size, size-c.size), 1<<16)
		err := c.run(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if !errors.Is(err, errTorn) {
			return err
		}
		next, err := findFrame(r, c.size+1, size)
		if err != nil {
			return err
		}
		if next < 0 {
			c.torn = true
			return nil
		}
		c.gaps = append(c.gaps, gap{c.size, next})
		c.size = next
	}
}

// run reads frames up to the first that is not whole. At the end of the file it returns
// io.EOF.
func (c *contents) run(in *bufio.Reader) error {
	for {
		kind, body, err := readFrame(in)
		if errors.Is(err, io.EOF) || errors.Is(err, errTorn) {
			return err
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", LogName, err)
		}
		if err := c.take(kind, body); err != nil {
			return err
		}
		c.size += int64(len(body) + frameOverhead)
	}
}

// errTorn: a frame is cut off or fails its check.
var errTorn = errors.New("torn frame")

// cutOff reports that a read failed because the file ends.
func cutOff(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// readFrame reads one frame. At the end of the file it returns io.EOF.
func readFrame(in *bufio.Reader) (kind byte, body []byte, err error) {
	var head [5]byte
	if n, err := io.ReadFull(in, head[:]); err != nil {
		if n > 0 && cutOff(err) {
			err = errTorn
		}
		return 0, nil, err
	}
	size := binary.LittleEndian.Uint32(head[1:])
	if int64(size) > int64(largest(head[0])) {
		return 0, nil, errTorn
	}
	// Growing with what is really there keeps a hostile length harmless.
	body, err = io.ReadAll(io.LimitReader(in, int64(size)+4))
	if err != nil {
		return 0, nil, err
	}
	if len(body) < int(size)+4 {
		return 0, nil, errTorn
	}
	sum := binary.LittleEndian.Uint32(body[size:])
	body = body[:size]
	if crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, body) != sum {
		return 0, nil, errTorn
	}
	return head[0], body, nil
}

// take adds a frame to the contents.
func (c *contents) take(kind byte, body []byte) error {
	if c.header.Frame == nil && kind != frameHeader {
		if c.damaged() {
			return fmt.Errorf("%w: both copies of its header are unreadable, and without them nothing is known about its records; run the campaign again in a new folder", ErrCorrupt)
		}
		return fmt.Errorf("%w: a frame of type %q where the header belongs", ErrCorrupt, kind)
	}
	if c.end != nil {
		return fmt.Errorf("%w: it goes on behind its end", ErrCorrupt)
	}
	var err error
	switch kind {
	case frameHeader:
		err = c.takeHeader(body)
	case framePlan:
		var r Round
		if err = json.Unmarshal(body, &r); err == nil {
			err = c.plan(r)
		}
	case frameRecords:
		err = c.take48(body)
	case frameBuild:
		var b Build
		if err = json.Unmarshal(body, &b); err == nil {
			c.builds = append(c.builds, b)
		}
	case frameEnd:
		c.end = new(ending)
		err = json.Unmarshal(body, c.end)
	default:
		err = fmt.Errorf("unknown frame type %q", kind)
	}
	if err != nil && !errors.Is(err, ErrVersion) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// takeHeader reads the header, or its second copy.
func (c *contents) takeHeader(body []byte) error {
	c.copies++
	if c.copies > 1 {
		if c.copies > 2 || len(c.rounds)+len(c.records)+len(c.builds) > 1 || !bytes.Equal(body, c.raw) {
			return errors.New("a second header where the first was read already")
		}
		return nil
	}
	if err := checkVersion(body); err != nil {
		return err
	}
	if err := json.Unmarshal(body, &c.header); err != nil {
		return err
	}
	if err := c.header.check(); err != nil {
		return err
	}
	c.raw = body
	c.header.Note = joinNote(c.header.Note, c.header.NoteBytes)
	c.builds = []Build{c.header.Build}
	return nil
}

// plan adds a round, which must follow the one before. Where part of the log is lost it
// may follow a lost one: then it is left out, since it follows from the records.
func (c *contents) plan(r Round) error {
	sum := 0
	for _, n := range r.Alloc {
		if n < 0 || n > maxInjections {
			return fmt.Errorf("round %d allocates %d injections", len(c.rounds), n)
		}
		sum += n
	}
	if r.Start < 0 || r.Size < 0 || sum != r.Size || r.end() > maxInjections || len(r.Alloc) != len(c.header.Frame.Strata) {
		return fmt.Errorf("the plan of round %d is impossible", len(c.rounds))
	}
	if r.Start != c.planned() {
		if !c.damaged() || r.Start < c.planned() {
			return fmt.Errorf("the plan of round %d does not follow from the one before", len(c.rounds))
		}
		c.highest = max(c.highest, r.end())
		return nil
	}
	c.rounds = append(c.rounds, r)
	c.highest = max(c.highest, r.end())
	return nil
}

// planned is the number of injections of all rounds.
func (c *contents) planned() int {
	if len(c.rounds) == 0 {
		return 0
	}
	return c.rounds[len(c.rounds)-1].end()
}

// take48 adds a frame of records.
func (c *contents) take48(body []byte) error {
	if len(body)%recordSize != 0 {
		return fmt.Errorf("%d bytes are no whole number of records", len(body))
	}
	for ; len(body) > 0; body = body[recordSize:] {
		r, err := parseRecord(body[:recordSize])
		if err != nil {
			return err
		}
		c.records = append(c.records, r)
	}
	return nil
}

// settle orders the records and checks the end. Records of no round are those of a
// plan that was lost: a repaired log keeps them until the plan is made again.
func (c *contents) settle() error {
	slices.SortStableFunc(c.records, func(a, b indexed) int { return a.index - b.index })
	for i := 1; i < len(c.records); i++ {
		if c.records[i].index == c.records[i-1].index {
			return fmt.Errorf("%w: record %d stands twice", ErrCorrupt, c.records[i].index)
		}
	}
	planned := c.planned()
	known := sort.Search(len(c.records), func(i int) bool { return c.records[i].index >= planned })
	c.records, c.spare = c.records[:known], c.records[known:]
	if n := len(c.spare); n > 0 {
		c.highest = max(c.highest, c.spare[n-1].index+1)
	}
	if c.end == nil || c.damaged() {
		return nil
	}
	if len(c.spare) > 0 || len(c.records) != planned || c.end.Injections != planned {
		return fmt.Errorf("%w: it claims to be complete with %d records of %d", ErrCorrupt, len(c.records)+len(c.spare), planned)
	}
	if d := resultDigest(c.header.SpecDigest, c.plain()); d != c.end.ResultDigest {
		return fmt.Errorf("%w: its records have the digest %s, its end says %s", ErrCorrupt, d, c.end.ResultDigest)
	}
	return nil
}

// complete reports that nothing is left to do.
func (c *contents) complete() bool { return c.end != nil && !c.damaged() }

// plain is the records without their numbers.
func (c *contents) plain() []faults.Record {
	out := make([]faults.Record, len(c.records))
	for i, r := range c.records {
		out[i] = r.record
	}
	return out
}
