package inputs

import (
	"encoding/binary"
	"math/rand/v2"
)

// randomStream keeps these draws apart from those of the injections.
const randomStream = 0x696e7075 // "inpu"

// Random draws inputs of so many uniform bytes, from one number to before another. Input
// i depends on the seed and i only.
func Random(seed uint64, size int, from, to uint64) (list [][]byte) {
	for i := from; i < to; i++ {
		rng := rand.New(rand.NewPCG(seed, randomStream+i))
		data := make([]byte, 0, size+8)
		for len(data) < size {
			data = binary.LittleEndian.AppendUint64(data, rng.Uint64())
		}
		list = append(list, data[:size])
	}
	return list
}
