package gate

// The functions of the kinds over runs: out[i] from the places in ops[i]. A loop for every kind keeps the choice of the
// function out of the inner loop.

func evaluateNot(v, out []Word, ops []uint32) {
	ops = ops[:len(out)]
	for i := range out {
		a, o := &v[ops[i]], &out[i]
		o[0], o[1], o[2], o[3] = ^a[0], ^a[1], ^a[2], ^a[3]
	}
}

func evaluateAnd(v, out []Word, ops [][2]uint32) {
	ops = ops[:len(out)]
	for i := range out {
		p := &ops[i]
		a, b, o := &v[p[0]], &v[p[1]], &out[i]
		o[0], o[1], o[2], o[3] = a[0]&b[0], a[1]&b[1], a[2]&b[2], a[3]&b[3]
	}
}

func evaluateOr(v, out []Word, ops [][2]uint32) {
	ops = ops[:len(out)]
	for i := range out {
		p := &ops[i]
		a, b, o := &v[p[0]], &v[p[1]], &out[i]
		o[0], o[1], o[2], o[3] = a[0]|b[0], a[1]|b[1], a[2]|b[2], a[3]|b[3]
	}
}

func evaluateXor(v, out []Word, ops [][2]uint32) {
	ops = ops[:len(out)]
	for i := range out {
		p := &ops[i]
		a, b, o := &v[p[0]], &v[p[1]], &out[i]
		o[0], o[1], o[2], o[3] = a[0]^b[0], a[1]^b[1], a[2]^b[2], a[3]^b[3]
	}
}

func evaluateXnor(v, out []Word, ops [][2]uint32) {
	ops = ops[:len(out)]
	for i := range out {
		p := &ops[i]
		a, b, o := &v[p[0]], &v[p[1]], &out[i]
		o[0], o[1], o[2], o[3] = ^(a[0] ^ b[0]), ^(a[1] ^ b[1]), ^(a[2] ^ b[2]), ^(a[3] ^ b[3])
	}
}

func evaluateNand(v, out []Word, ops [][2]uint32) {
	ops = ops[:len(out)]
	for i := range out {
		p := &ops[i]
		a, b, o := &v[p[0]], &v[p[1]], &out[i]
		o[0], o[1], o[2], o[3] = ^(a[0] & b[0]), ^(a[1] & b[1]), ^(a[2] & b[2]), ^(a[3] & b[3])
	}
}

func evaluateNor(v, out []Word, ops [][2]uint32) {
	ops = ops[:len(out)]
	for i := range out {
		p := &ops[i]
		a, b, o := &v[p[0]], &v[p[1]], &out[i]
		o[0], o[1], o[2], o[3] = ^(a[0] | b[0]), ^(a[1] | b[1]), ^(a[2] | b[2]), ^(a[3] | b[3])
	}
}

func evaluateAndNot(v, out []Word, ops [][2]uint32) {
	ops = ops[:len(out)]
	for i := range out {
		p := &ops[i]
		a, b, o := &v[p[0]], &v[p[1]], &out[i]
		o[0], o[1], o[2], o[3] = a[0]&^b[0], a[1]&^b[1], a[2]&^b[2], a[3]&^b[3]
	}
}

func evaluateOrNot(v, out []Word, ops [][2]uint32) {
	ops = ops[:len(out)]
	for i := range out {
		p := &ops[i]
		a, b, o := &v[p[0]], &v[p[1]], &out[i]
		o[0], o[1], o[2], o[3] = a[0]|^b[0], a[1]|^b[1], a[2]|^b[2], a[3]|^b[3]
	}
}

func evaluateMux(v, out []Word, ops [][3]uint32) {
	ops = ops[:len(out)]
	for i := range out {
		p := &ops[i]
		a, b, s, o := &v[p[0]], &v[p[1]], &v[p[2]], &out[i]
		o[0], o[1] = a[0]^(a[0]^b[0])&s[0], a[1]^(a[1]^b[1])&s[1]
		o[2], o[3] = a[2]^(a[2]^b[2])&s[2], a[3]^(a[3]^b[3])&s[3]
	}
}

// of is the function of a kind for one gate.
func (k Kind) of(a, b, s *Word) (w Word) {
	for i := range w {
		switch k {
		case Not:
			w[i] = ^a[i]
		case And:
			w[i] = a[i] & b[i]
		case Or:
			w[i] = a[i] | b[i]
		case Xor:
			w[i] = a[i] ^ b[i]
		case Xnor:
			w[i] = ^(a[i] ^ b[i])
		case Nand:
			w[i] = ^(a[i] & b[i])
		case Nor:
			w[i] = ^(a[i] | b[i])
		case AndNot:
			w[i] = a[i] &^ b[i]
		case OrNot:
			w[i] = a[i] | ^b[i]
		case Mux:
			w[i] = a[i] ^ (a[i]^b[i])&s[i]
		}
	}
	return w
}
