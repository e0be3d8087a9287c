package isa

// Walk calls f for each kernel and DMA operation of a command stream in order, with
// the place of its word and the registers that it sees. It stops without an error at
// NPU_OP_STOP, at the first word that is no command, or where f returns false.
func Walk(commands []uint32, f func(word int, op Opcode, regs *Registers) bool) {
	var regs Registers
	for w := 0; w < len(commands); w++ {
		kind, reg := Classify(commands[w])
		switch kind {
		case KindSet:
			regs.Set(reg, commands[w], 0)
		case KindSet2:
			if w+1 < len(commands) {
				regs.Set(reg, commands[w], commands[w+1])
			}
			w++
		case KindOp:
			op := Opcode(reg)
			if op == OpStop || (op.Kernel() || op == OpDMAStart) && !f(w, op, &regs) {
				return
			}
		default:
			return
		}
	}
}
