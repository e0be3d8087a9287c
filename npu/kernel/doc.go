// Package kernel holds the inner loops of the simulator: one clock of the MAC
// array for the cycle-level machine, register by register (OperandsArray, MultiplyArray,
// SumProductsArray, AccumulateArray, AccumulateMax) or in one step (Token, SumDots,
// ClockSums), and the sums and outputs of whole layers, through which differences are
// followed without a clock (Differences, MultiplyPairs, MultiplyLanes, Scale, Mark).
//
// # Two variants
//
// Every kernel is plain Go. On amd64 each one also has an AVX2 variant in Go
// assembly, which takes the whole vectors and leaves the rest to the Go loop. It
// is chosen once, when the program starts, if the processor and the operating
// system offer AVX2; GODEBUG=cpu.avx2=off or the build tag purego turn it off.
// Other architectures run plain Go. Both variants give the same result for every
// input, including operands wider than the registers they model, and all tests
// and fuzz targets run on both.
//
// Assembly is there because the Go compiler has no vector code, and these loops
// handle up to 256 multipliers each simulated clock: the 9-bit operands are
// 16-bit lanes and the 18-bit products 32-bit lanes, so one instruction handles
// eight multipliers. The layout is that of the machine's state, because each
// register is a fault site; nothing is repacked.
//
// # Lengths
//
// The first slice that a function names in its comment sets the length. The
// others must be at least as long; a shorter one panics, as an index would.
package kernel
