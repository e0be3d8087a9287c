package kernel

// The plain loops on slices, against which the vector variants are held.
var Operands, Multiply, SumProducts, Accumulate = operands, multiply, sumProducts, accumulate

// Accelerate selects a variant and returns a function that undoes it. It has no
// effect where the vector variants are missing.
func Accelerate(on bool) func() {
	before := accelerated
	accelerated = on && detect()
	return func() { accelerated = before }
}
