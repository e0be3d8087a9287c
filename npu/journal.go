package npu

// Journal lists the stores of a clock: writes to the shared buffer and to
// external memory. A comparator beside the machine clears it, steps, and compares
// it with that of another machine. It also lists the beats that were read from
// external memory, which a comparison leaves out.
type Journal struct {
	n     int
	store [journalStores]Store
	loads int
	load  [2]uint32 // one beat for each port
}

// journalStores is the most that a clock can store: 32 sums of two words, eight
// lanes of output and one store each of three channels, rounded up.
const journalStores = 96

// Store is one write: the low Bytes bytes of Value to the shared buffer, or the
// bytes of an external beat whose bits are set in Bytes.
type Store struct {
	Value    uint64
	Addr     uint32
	Bytes    uint8
	External bool
}

func (j *Journal) note(s Store) {
	if j.n < len(j.store) {
		j.store[j.n] = s
	}
	j.n++
}

// Stores returns what was noted, as far as there was room.
func (j *Journal) Stores() []Store { return j.store[:min(j.n, len(j.store))] }

// Loads returns the addresses of the beats that were read from external memory.
func (j *Journal) Loads() []uint32 { return j.load[:j.loads] }

func (j *Journal) noteLoad(addr uint32) {
	if j.loads < len(j.load) {
		j.load[j.loads] = addr &^ 7
		j.loads++
	}
}

// Clear empties the journal.
func (j *Journal) Clear() { j.n, j.loads = 0, 0 }

// Equal reports whether two journals hold the same stores in the same order.
func (j *Journal) Equal(k *Journal) bool {
	if j.n != k.n || j.n > len(j.store) {
		return false
	}
	for i := range j.n {
		if j.store[i] != k.store[i] {
			return false
		}
	}
	return true
}
