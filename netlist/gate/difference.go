package gate

// Difference is in which patterns net i of Changed got another value by the last
// EvaluateFrom.
func (s *Simulator) Difference(i int) Word {
	w, now := s.cone.before[i], s.value[s.place[s.cone.changed[i]]]
	for q := range w {
		w[q] ^= now[q]
	}
	return w
}
