package golden

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io"

	"upset/faults"
	"upset/faults/stream"
	"upset/models/network"
)

// Fault-free runs can be stored for other processes of the same binary: what is flat is
// written as it lies in memory, so that nothing but that binary may read it. Behind it
// stands the SHA-256 of all. What is made on demand (traces, chains of inferences) is left
// out.
const storeMagic = "upset runs 4\n"

// ErrStore: a stored set of runs is damaged or of other runs.
var ErrStore = errors.New("the stored fault-free runs cannot be used")

// storedRuns is what is small and no list.
type storedRuns struct {
	Noted    stream.Noted
	Ops      []OpSpan
	RAM      [2][]bool
	Coded    [2][]bool
	Mem      []bool
	Long     bool // the life of data is known at instants only
	Coding   bool // coded words have a record of their own
	Dataflow bool
	Loaded   int
	Runs     []storedRun
}

// storedRun is what is small of one input.
type storedRun struct {
	Output, Second []byte
	End            int
	Hash           uint64
	Handed         []uint64
	Followed       bool
	Known          bool
	Step           uint64
}

// Store writes the runs. Key, of any length, names what they are of, beside the binary.
func (e *Runs) Store(out io.Writer, key string) error {
	buffered, sum := bufio.NewWriterSize(out, 1<<20), sha256.New()
	w := &storeWriter{out: io.MultiWriter(buffered, sum), pieces: map[*byte]uint64{}}
	small := storedRuns{Noted: e.Stream.Noted(), RAM: e.Inherits.RAM, Coded: e.Inherits.coded, Mem: e.Inherits.Mem, Dataflow: e.Dataflow != nil, Ops: e.Golds[0].Ops}
	life, short := e.Life.(*lifetimes)
	small.Long, small.Coding = !short, short && e.Codes != life
	for _, g := range e.Golds {
		small.Runs = append(small.Runs, storedRun{g.Output, g.second.Output, g.End, g.Hash, g.Handed, g.Followed, g.known, g.step})
	}
	if e.Dataflow != nil {
		small.Loaded = e.Dataflow.loads.n
	}
	w.bytes([]byte(storeMagic))
	putList(w, []byte(key))
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(small); err != nil {
		return fmt.Errorf("store fault-free runs: %w", err)
	}
	putList(w, b.Bytes())
	putList(w, e.Milestones)
	if d := e.Dataflow; d != nil {
		putList(w, d.Stores)
		putList(w, d.issued)
		putList(w, d.ended)
		putList(w, d.loads.start)
		putList(w, d.loads.cycles)
	}
	if short {
		life.store(w)
		if small.Coding {
			e.Codes.store(w)
		}
	} else {
		for _, l := range e.Life.(either) {
			l.(*windows).store(w)
		}
	}
	for _, g := range e.Golds {
		w.points(g.Points)
		w.points(g.second.Points)
	}
	if w.err == nil {
		_, w.err = buffered.Write(sum.Sum(nil))
	}
	if w.err == nil {
		w.err = buffered.Flush()
	}
	if w.err != nil {
		return fmt.Errorf("store fault-free runs: %w", w.err)
	}
	return nil
}

// Load reads runs that were stored under a key by the same binary, for a program, its
// inputs and options for which [New] would make the same. All of it is checked before any
// of it is used; the error is [ErrStore] where it is damaged or has another key.
func Load(in io.ReadSeeker, key string, p *network.Program, inputs [][]byte, o faults.Options) (*Runs, error) {
	size, err := checkStore(in)
	if err != nil {
		return nil, err
	}
	e, err := begin(p, inputs, o)
	if err != nil {
		return nil, err
	}
	r := &storeReader{in: bufio.NewReaderSize(in, 1<<20), left: size}
	if magic := r.bytes(len(storeMagic)); string(magic) != storeMagic {
		return nil, fmt.Errorf("%w: they have no header", ErrStore)
	}
	if k := getList[byte](r); string(k) != key {
		return nil, fmt.Errorf("%w: they are of another key", ErrStore)
	}
	var small storedRuns
	if b := getList[byte](r); r.err == nil {
		r.err = gob.NewDecoder(bytes.NewReader(b)).Decode(&small)
	}
	if r.err == nil && (small.Dataflow != (e.Dataflow != nil) || len(small.Runs) != len(inputs)) {
		r.err = errors.New("they are of another program")
	}
	if r.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStore, r.err)
	}
	e.Stream.SetNoted(small.Noted)
	e.Inherits = inherited{small.RAM, small.Coded, small.Mem}
	e.Milestones = getList[milestone](r)
	if d := e.Dataflow; d != nil {
		d.Stores, d.issued, d.ended = getList[Stored](r), getList[uint64](r), getList[uint64](r)
		if d.loads = (loads{n: small.Loaded, start: getList[uint32](r), cycles: getList[uint32](r)}); r.err == nil && !d.loads.sound() {
			return nil, fmt.Errorf("%w: the reads of memory have no order", ErrStore)
		}
		if r.err == nil && (len(d.issued) != len(d.Ops) || len(d.ended) != len(d.Ops)) {
			return nil, fmt.Errorf("%w: they are of another program", ErrStore)
		}
	}
	if small.Long {
		e.Life = either{loadWindows(r), loadWindows(r)}
	} else {
		data := loadLifetimes(r)
		e.Life, e.Codes = data, data
		if small.Coding {
			e.Codes = loadLifetimes(r)
		}
	}
	for i, s := range small.Runs {
		g := &Run{Input: inputs[i], Next: next(inputs, i), Output: s.Output, Cycles: small.Noted.Cycles, Ops: small.Ops, End: s.End, Hash: s.Hash, Handed: s.Handed, Followed: s.Followed, known: s.Known, step: s.Step}
		g.Points = r.points()
		for k := range g.Points {
			if g.Points[k].Begin {
				g.Begins = append(g.Begins, k)
			}
		}
		if points := r.points(); len(points) > 0 { // else it is made when it is first asked for
			g.second.once.Do(func() { g.second.Later = Later{Input: g.Next, Output: s.Second, Points: points} })
		}
		e.Golds = append(e.Golds, g)
	}
	if r.err == nil && r.left != 0 {
		r.err = fmt.Errorf("%d bytes too many", r.left)
	}
	if r.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStore, r.err)
	}
	return e, nil
}
