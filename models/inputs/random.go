package inputs

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"upset/models/network"
	"upset/models/tflite"
)

// randomStream keeps these draws apart from those of the injections.
const randomStream = 0x696e7075 // "inpu"

// Random draws inputs of a network, from one number to before another: uniform bytes, and
// float32 numbers uniform over the range that the network quantises them to. Input i
// depends on the network, the seed and i only.
func Random(n *network.Network, seed, from, to uint64) (list [][]byte) {
	size := n.InputBytes()
	for i := from; i < to; i++ {
		rng := rand.New(rand.NewPCG(seed, randomStream+i))
		data := make([]byte, 0, size+8)
		for len(data) < size {
			data = binary.LittleEndian.AppendUint64(data, rng.Uint64())
		}
		list = append(list, data[:size])
		at := 0
		for k, b := range n.Inputs {
			if b.Type == tflite.Float32 {
				low, high := n.InputRange(k)
				for e := at; e+4 <= at+b.Size; e += 4 {
					binary.LittleEndian.PutUint32(data[e:], math.Float32bits(float32(low+rng.Float64()*(high-low))))
				}
			}
			at += b.Size
		}
	}
	return list
}
