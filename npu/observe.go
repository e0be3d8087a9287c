package npu

// What a checker beside the machine may look at, besides the registers. All of it
// is a function of the state before a clock, or belongs to the clock that has just
// passed: signals that the blocks drive anyway.

// Stages of the MAC pipeline, as far as a checker follows them.
const (
	StageFetch   = stFetch
	StageOperand = stOperand
	StageProduct = stProduct
	StageSum     = stSum
	StageAcc     = stAcc
)

// Token is what a checker sees of the token in a stage of the MAC pipeline.
type Token struct {
	Valid  bool
	First  bool // it opens a micro-block
	Fresh  bool // the sums start here
	Last   bool // the sums leave
	Commit bool // the sum enters the accumulator
	NewSum bool // the sum starts anew
	Max    bool // the accumulator takes the maximum
}

// Token returns the token in a stage of the MAC pipeline.
func (m *Machine) Token(stage int) Token {
	s := &m.S.MAC
	f := s.Flags[stage]
	return Token{
		Valid: s.Valid[stage] != 0, First: f&tokFirst != 0, Fresh: f&tokFresh != 0, Last: f&tokLast != 0,
		Commit: f&tokCommit != 0, NewSum: f&tokNewSum != 0, Max: m.op[s.Bank[stage]&3].kind == kindMax,
	}
}

// WeightPass tells where the weight decoder stands in its pass over a stream.
type WeightPass uint8

// Places in a pass.
const (
	PassIdle  WeightPass = wdIdle
	PassDrain WeightPass = wdDrain
	PassInit  WeightPass = wdInit
	PassRun   WeightPass = wdRun
)

// Pass is the control state of the weight decoder.
func (w *WDState) Pass() WeightPass { return WeightPass(w.Ctl & 3) }

// WeightStream is the stretch of memory that the operation in a bank takes its
// weights from; it has none where it uses no weights.
func (m *Machine) WeightStream(bank uint8) (addr uint32, beats int) {
	p := &m.op[bank&3]
	if !p.UsesWeights {
		return 0, 0
	}
	return m.regionAddr(p.WeightReg, p.WeightBase), int(p.WeightLen >> 3)
}

// Maximum reports whether the operation in a bank is maximum pooling.
func (m *Machine) Maximum(bank uint8) bool { return m.op[bank&3].kind == kindMax }

// hold says which stages of the MAC array kept their tokens in a clock.
type hold uint8

const (
	heldNone     hold = iota
	heldProducts      // up to the products
	heldAll
)

// ArrayHeld reports whether all stages of the MAC array kept their tokens in the last
// clock, since a bank of the sums to be stored was taken.
func (m *Machine) ArrayHeld() bool { return m.work.held == heldAll }

// ProductsHeld reports whether the stages of the MAC array up to the products kept their
// tokens in the last clock.
func (m *Machine) ProductsHeld() bool { return m.work.held >= heldProducts }
