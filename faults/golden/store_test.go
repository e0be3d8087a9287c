package golden

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"upset/faults"
	"upset/npu"
	"upset/npu/isa"
)

// Runs that were stored and read again store the same bytes, and are the same wherever an
// injection looks.
func TestStore(t *testing.T) {
	for name, o := range map[string]faults.Options{
		"plain": {Checkpoints: 32}, "secded": {ECC: npu.ECCSECDED, Checkpoints: 32}, "reload": {AssumeReload: true},
	} {
		t.Run(name, func(t *testing.T) {
			e := runs(t, "fashion-tiny", isa.U55x32, 2, o)
			var first, second bytes.Buffer
			if err := e.Store(&first, "key"); err != nil {
				t.Fatal(err)
			}
			inputs := [][]byte{e.Golds[0].Input, e.Golds[1].Input}
			back, err := Load(bytes.NewReader(first.Bytes()), "key", e.program, inputs, o)
			if err != nil {
				t.Fatal(err)
			}
			if err := back.Store(&second, "key"); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Error("stored again, the bytes are others")
			}
			for what, pair := range map[string][2]any{
				"life": {e.Life, back.Life}, "coded words": {e.Codes, back.Codes}, "milestones": {e.Milestones, back.Milestones},
				"inheritance": {e.Inherits, back.Inherits}, "first run": {e.Golds[0], back.Golds[0]}, "second run": {e.Golds[1], back.Golds[1]},
				"loads": {e.Dataflow.loads, back.Dataflow.loads}, "stores": {e.Dataflow.Stores, back.Dataflow.Stores},
				"begins of operations": {e.Dataflow.issued, back.Dataflow.issued}, "ends of operations": {e.Dataflow.ended, back.Dataflow.ended}, "stream": {e.Stream, back.Stream}, // all of it: what is not noted is missing after a load
			} {
				if !reflect.DeepEqual(pair[0], pair[1]) {
					t.Errorf("%s: other than what was stored", what)
				}
			}
			if back.Codes == nil != (e.Codes == nil) || (any(back.Life) == any(back.Codes)) != (any(e.Life) == any(e.Codes)) {
				t.Error("the records of lives are not told apart as before")
			}
			// Neighbouring points share what did not change, as before.
			if a, b := shares(e.Golds[0].Points), shares(back.Golds[0].Points); a != b || a == 0 {
				t.Errorf("%d pieces are shared, %d were", b, a)
			}
		})
	}
}

// shares counts the pieces that a point shares with the one before.
func shares(list []Point) (n int) {
	for i := 1; i < len(list); i++ {
		for k, b := range list[i].Mem {
			if &b[0] == &list[i-1].Mem[k][0] {
				n++
			}
		}
	}
	return n
}

// What is damaged, cut off, of another key or of another program is not used.
func TestStoreRefused(t *testing.T) {
	o := faults.Options{Checkpoints: 16}
	e := runs(t, "fashion-tiny", isa.U55x32, 2, o)
	inputs := [][]byte{e.Golds[0].Input, e.Golds[1].Input}
	var b bytes.Buffer
	if err := e.Store(&b, "key"); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	load := func(b []byte, key string, inputs [][]byte) error {
		_, err := Load(bytes.NewReader(b), key, e.program, inputs, o)
		return err
	}
	if err := load(whole, "key", inputs); err != nil {
		t.Fatal(err)
	}
	if err := load(whole, "another", inputs); !errors.Is(err, ErrStore) {
		t.Errorf("another key: %v", err)
	}
	if err := load(whole, "key", inputs[:1]); !errors.Is(err, ErrStore) {
		t.Errorf("fewer inputs: %v", err)
	}
	for _, cut := range []int{0, 1, 31, 32, 50, len(whole) / 2, len(whole) - 1} {
		if err := load(whole[:cut], "key", inputs); !errors.Is(err, ErrStore) {
			t.Errorf("%d bytes of %d: %v", cut, len(whole), err)
		}
	}
	for at := 0; at < len(whole); at += len(whole)/97 + 1 {
		spoilt := bytes.Clone(whole)
		spoilt[at] ^= 1
		if err := load(spoilt, "key", inputs); !errors.Is(err, ErrStore) {
			t.Errorf("byte %d is another one: %v", at, err)
		}
	}
}

// The record of instants, which only very long inferences have, comes back too.
func TestStoreLong(t *testing.T) {
	l := newWindows(newLifetimes(4096, 2048, lifeWord))
	l.access(5000, 100, 8, true)
	l.access(9000, 100, 8, false)
	l.access(20000, 3000, 16, true)
	l.access(90000, 3000, 16, false)
	l.close(100000)
	var b bytes.Buffer
	w := &storeWriter{out: &b}
	l.store(w)
	r := &storeReader{in: &b, left: int64(b.Len())}
	back := loadWindows(r)
	if w.err != nil || r.err != nil || r.left != 0 {
		t.Fatal(w.err, r.err, r.left)
	}
	dead := 0
	for addr := 0; addr < 4096; addr += 4 {
		for cycle := uint64(0); cycle < 110000; cycle += windowGrid {
			if l.Dead(addr, cycle) != back.Dead(addr, cycle) {
				t.Fatalf("byte %d at cycle %d", addr, cycle)
			}
			if !l.Dead(addr, cycle) {
				dead++
			}
		}
	}
	if dead == 0 {
		t.Error("nothing is alive, so that nothing was compared")
	}
}

// What is stored as it lies in memory holds no pointer.
func TestStoredIsFlat(t *testing.T) {
	var flat func(typ reflect.Type) bool
	flat = func(typ reflect.Type) bool {
		switch typ.Kind() {
		case reflect.Struct:
			for i := range typ.NumField() {
				if !flat(typ.Field(i).Type) {
					return false
				}
			}
			return true
		case reflect.Array:
			return flat(typ.Elem())
		case reflect.Bool, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			return true
		}
		return false
	}
	for _, v := range []any{npu.Flops{}, milestone{}, Stored{}, span{}} {
		if !flat(reflect.TypeOf(v)) {
			t.Errorf("%T has parts that mean nothing in another process", v)
		}
	}
}
