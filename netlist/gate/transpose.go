package gate

// Transpose exchanges bit i of word j with bit j of word i.
func Transpose(a *[64]uint64) { transpose(a) }
