package npu

// Probe is what watches a machine from beside it. It sees what happens and changes nothing:
// whoever acts on the machine is its Host. What is nil is not called, and while nothing
// looks at accesses the machine takes them in bulk.
type Probe struct {
	Note    func(n Note) // called on issue and retirement of operations
	Journal *Journal     // records every store

	// Access is called for every access to the shared buffer's RAM. A read delivers eight
	// bytes, of which the machine uses the first ones.
	Access func(addr, bytes, used int, write bool)

	// Lookup is called before a lookup table is read: which of its words that is depends
	// on the data, unlike all other accesses.
	Lookup func()

	// Beat is called for every beat that is read from external memory, and for every one that
	// is written there, with its bytes enabled. Addresses are those of the images.
	Beat func(addr uint32, strb uint8, write bool)

	// Clocked is called at the end of every clock. Within Run the registers of the MAC
	// array's operands and products may be behind; after [Machine.Pause] they are not.
	Clocked func()
}

// Note tells a probe about an operation.
type Note struct {
	Kind  NoteKind
	Bank  int
	Cycle uint64
}

// NoteKind is what happened to an operation.
type NoteKind uint8

// Kinds of notes.
const (
	NoteIssue    NoteKind = iota // a kernel operation was issued
	NoteRetire                   // a kernel operation is complete
	NoteDMAStart                 // a DMA command was started
)

func (m *Machine) note(k NoteKind, bank int) {
	if m.Probe.Note != nil {
		m.settle()
		m.Probe.Note(Note{Kind: k, Bank: bank, Cycle: m.S.Bus.Cycle})
	}
}

func (m *Machine) opDone(bank int) { m.note(NoteRetire, bank) }
