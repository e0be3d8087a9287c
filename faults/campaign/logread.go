package campaign

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"upset/faults"
)

// errNoHeader: the file ends before its header does.
var errNoHeader = errors.New("the log has no header: run the campaign again")

// contents is what a log holds.
type contents struct {
	header  header
	rounds  []Round
	records []indexed // in index order, no two of one index
	end     *ending
	size    int64 // of the whole frames
	torn    bool  // something else stands behind them
}

// readLog reads a log up to the last whole frame. What follows is a torn tail if
// the file ends there or the check fails; a frame that passes its check but makes
// no sense is an error.
func readLog(r io.Reader) (*contents, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	c := &contents{}
	magic := make([]byte, len(logMagic))
	n, err := io.ReadFull(in, magic)
	if string(magic[:n]) != logMagic[:n] {
		return nil, fmt.Errorf("%w: it is no record log", ErrCorrupt)
	}
	if err != nil {
		if !cutOff(err) {
			return nil, fmt.Errorf("read %s: %w", logName, err)
		}
		return nil, errNoHeader
	}
	c.size = int64(n)
	for {
		kind, body, err := readFrame(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, errTorn) {
			c.torn = true
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", logName, err)
		}
		if err := c.take(kind, body); err != nil {
			return nil, err
		}
		c.size += int64(len(body) + frameOverhead)
	}
	if c.header.Frame == nil {
		return nil, errNoHeader
	}
	return c, c.settle()
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
	if size > maxBody {
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
	if (c.header.Frame == nil) != (kind == frameHeader) {
		return fmt.Errorf("%w: a frame of type %q where %s", ErrCorrupt, kind, map[bool]string{true: "the header belongs", false: "the header was read already"}[c.header.Frame == nil])
	}
	if c.end != nil {
		return fmt.Errorf("%w: it goes on behind its end", ErrCorrupt)
	}
	var err error
	switch kind {
	case frameHeader:
		if err = json.Unmarshal(body, &c.header); err == nil {
			err = c.header.check()
		}
	case framePlan:
		var r Round
		if err = json.Unmarshal(body, &r); err == nil {
			err = c.plan(r)
		}
	case frameRecords:
		err = c.take48(body)
	case frameEnd:
		c.end = new(ending)
		err = json.Unmarshal(body, c.end)
	default:
		err = fmt.Errorf("unknown frame type %q", kind)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

// plan adds a round, which must follow the one before.
func (c *contents) plan(r Round) error {
	sum := 0
	for _, n := range r.Alloc {
		if n < 0 || n > maxInjections {
			return fmt.Errorf("round %d allocates %d injections", len(c.rounds), n)
		}
		sum += n
	}
	if r.Start != c.planned() || r.Size < 0 || sum != r.Size || r.end() > maxInjections || len(r.Alloc) != len(c.header.Frame.Strata) {
		return fmt.Errorf("the plan of round %d does not follow from the one before", len(c.rounds))
	}
	c.rounds = append(c.rounds, r)
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
		if r.index >= c.planned() {
			return fmt.Errorf("record %d belongs to no round", r.index)
		}
		c.records = append(c.records, r)
	}
	return nil
}

// settle orders the records and checks the end.
func (c *contents) settle() error {
	slices.SortStableFunc(c.records, func(a, b indexed) int { return a.index - b.index })
	for i := 1; i < len(c.records); i++ {
		if c.records[i].index == c.records[i-1].index {
			return fmt.Errorf("%w: record %d stands twice", ErrCorrupt, c.records[i].index)
		}
	}
	if c.end == nil {
		return nil
	}
	if len(c.records) != c.planned() || c.end.Injections != c.planned() {
		return fmt.Errorf("%w: it claims to be complete with %d records of %d", ErrCorrupt, len(c.records), c.planned())
	}
	if d := resultDigest(c.header.SpecDigest, c.plain()); d != c.end.ResultDigest {
		return fmt.Errorf("%w: its records have the digest %s, its end says %s", ErrCorrupt, d, c.end.ResultDigest)
	}
	return nil
}

// plain is the records without their numbers.
func (c *contents) plain() []faults.Record {
	out := make([]faults.Record, len(c.records))
	for i, r := range c.records {
		out[i] = r.record
	}
	return out
}

// check reports a header that no writer of this format makes.
func (h *header) check() error {
	if h.Format != formatVersion {
		return fmt.Errorf("format %d, this version reads %d", h.Format, formatVersion)
	}
	if err := h.Spec.Check(); err != nil {
		return err
	}
	if d := h.Spec.Digest(); d != h.SpecDigest {
		return fmt.Errorf("the spec has the digest %s, the header says %s", d, h.SpecDigest)
	}
	if h.Frame == nil {
		return errors.New("the header has no frame")
	}
	return h.Frame.check()
}

// check reports a frame whose parts do not fit together.
func (f *Frame) check() error {
	if f.Cycles == 0 || f.Inputs <= 0 || len(f.Segments) == 0 || len(f.Phases) == 0 || len(f.Cells) == 0 || len(f.Strata) == 0 {
		return errors.New("the frame is empty")
	}
	at := uint64(0)
	for _, s := range f.Segments {
		if s.Start != at || s.End <= s.Start || s.End > f.Cycles {
			return errors.New("the segments of the frame do not cover its cycles")
		}
		at = s.End
	}
	for _, p := range f.Phases {
		end := uint64(0)
		for _, s := range p.Spans {
			if s.Start < end || s.End <= s.Start || s.End > f.Cycles {
				return errors.New("a phase of the frame lies outside its cycles")
			}
			end = s.End
		}
		if end == 0 {
			return errors.New("a phase of the frame is empty")
		}
	}
	for _, g := range f.Groups {
		if g.Bits > 1<<32 || !(g.Scale >= 0) {
			return errors.New("a group of the frame has an impossible size or scale")
		}
	}
	for _, c := range f.Cells {
		if c.Group < 0 || c.Group >= len(f.Groups) || c.Phase < 0 || c.Phase >= len(f.Phases) || f.Groups[c.Group].Bits == 0 {
			return errors.New("a cell of the frame names no group or phase")
		}
	}
	if f.Cycles > 1<<48 || f.sites() > 1<<62 {
		return errors.New("the frame has more sites than can be numbered")
	}
	return f.checkStrata()
}

// checkStrata reports strata that are no partition of the cells.
func (f *Frame) checkStrata() error {
	seen := make([]bool, len(f.Cells))
	n := 0
	for _, cells := range f.Strata {
		if len(cells) == 0 {
			return errors.New("a stratum of the frame is empty")
		}
		for _, c := range cells {
			if c < 0 || c >= len(seen) || seen[c] {
				return errors.New("the strata of the frame are no partition of its cells")
			}
			seen[c] = true
			n++
		}
	}
	if n != len(seen) {
		return errors.New("the strata of the frame leave out cells")
	}
	return nil
}
