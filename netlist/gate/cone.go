package gate

// cone is what an evaluation along changes needs: who reads what, and a queue
// for every level.
type cone struct {
	net     []NetID // by place
	gates   []coneGate
	readers []int32 // places of gates, grouped by what they read
	start   []int32 // by place: its first entry in readers; one more at the end
	head    []int32 // by level: first place in the queue, or 0
	next    []int32 // by place: the one behind it in the queue; -1 at the end; 0 outside
	changed []NetID
	before  []Word // values of changed before
}

// coneGate is the gate at a place, all in one line of the cache.
type coneGate struct {
	level int32
	kind  Kind
	ops   [3]uint32 // places; unused ones are 0
}

func (s *Simulator) makeCone() *cone {
	n := s.n
	c := &cone{
		net: make([]NetID, len(s.value)), gates: make([]coneGate, len(s.value)), start: make([]int32, len(s.value)+1), next: make([]int32, len(s.value)),
		head: make([]int32, n.depth+1), readers: make([]int32, len(s.ops1)+2*len(s.ops2)+3*len(s.ops3)),
	}
	for net, at := range s.place {
		c.net[at], c.gates[at].level = NetID(net), n.levels[net]
	}
	for i := range s.runs {
		r := &s.runs[i]
		for p := r.from; p < r.to; p++ {
			c.gates[p].kind = r.kind
			for i, o := range s.operands(r.kind, r.ops+p-r.from) {
				c.gates[p].ops[i] = o
				c.start[o+1]++
			}
		}
	}
	for i := range len(s.value) {
		c.start[i+1] += c.start[i]
	}
	fill := append([]int32(nil), c.start...)
	for p := s.first; int(p) < len(s.value); p++ {
		g := &c.gates[p]
		for _, o := range g.ops[:g.kind.Operands()] {
			c.readers[fill[o]] = p
			fill[o]++
		}
	}
	return c
}

// push puts a gate into the queue of its level. No gate stands at place 0.
func (c *cone) push(at int32) {
	if c.next[at] != 0 {
		return
	}
	l := c.gates[at].level
	if c.next[at] = c.head[l]; c.next[at] == 0 {
		c.next[at] = -1
	}
	c.head[l] = at
}

func (c *cone) pushReaders(at int32) {
	for _, r := range c.readers[c.start[at]:c.start[at+1]] {
		c.push(r)
	}
}

// EvaluateFrom brings all nets up to date after a change of some, following only
// what really changes, and returns the number of gates whose output did. The
// nets are the inputs and flops that Set changed since the last evaluation, and the nets
// whose faults ClearFaults removed since then; nets with faults need not be
// among them. All other nets must be up to date. The result is that of Evaluate.
func (s *Simulator) EvaluateFrom(nets ...NetID) int {
	if s.cone == nil {
		s.cone = s.makeCone()
	}
	c := s.cone
	c.changed, c.before = c.changed[:0], c.before[:0]
	s.faultSources()
	for _, net := range nets {
		s.touch(s.place[net])
	}
	for i := range s.faults.list {
		s.touch(s.faults.list[i].at)
	}
	for l := range c.head {
		at := c.head[l]
		for c.head[l] = 0; at > 0; {
			next := c.next[at]
			c.next[at] = 0
			if s.evaluateOne(at) {
				c.pushReaders(at)
			}
			at = next
		}
	}
	return len(c.changed)
}

// touch queues a gate, or the readers of an input or a flop.
func (s *Simulator) touch(at int32) {
	if at >= s.first {
		s.cone.push(at)
		return
	}
	s.cone.pushReaders(at)
}

// evaluateOne computes the gate at a place, with its fault, and says whether its
// value changed, which it then notes.
func (s *Simulator) evaluateOne(at int32) bool {
	g := &s.cone.gates[at]
	w := g.kind.of(&s.value[g.ops[0]], &s.value[g.ops[1]], &s.value[g.ops[2]])
	if len(s.faults.list) > 0 {
		if i, ok := s.faults.at[at]; ok {
			s.faults.list[i].apply(&w)
		}
	}
	old := s.value[at]
	if w == old {
		return false
	}
	s.cone.changed, s.cone.before = append(s.cone.changed, s.cone.net[at]), append(s.cone.before, old)
	s.value[at] = w
	return true
}

// Changed lists the outputs of gates that the last EvaluateFrom changed, in the order of
// evaluation. The list is valid until the next one.
func (s *Simulator) Changed() []NetID {
	if s.cone == nil {
		return nil
	}
	return s.cone.changed
}

// Revert gives the outputs of gates the values from before the last
// EvaluateFrom. Inputs and flops keep theirs: ClearFaults or Set bring
// them back. Call it before anything else is evaluated.
func (s *Simulator) Revert() {
	c := s.cone
	if c == nil {
		return
	}
	for i, net := range c.changed {
		s.value[s.place[net]] = c.before[i]
	}
	c.changed, c.before = c.changed[:0], c.before[:0]
}
