// Package inputs reads what people have as inputs of a network: raw tensors, arrays of
// NumPy, pictures and sound. Files come from anybody: sizes are known before memory is
// taken, and what does not fit is an error that names both sides.
package inputs

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"upset/models/network"
)

// Bounds of what one file may give (our choice).
const (
	maxFile   = 256 << 20 // bytes
	maxInputs = 1 << 14
)

// Options say how a file is brought into the form of a tensor.
type Options struct {
	Scale  *Scale // how pixels become numbers; nil: as the tensor's quantisation shows
	Resize bool   // pictures of another size are stretched to that of the network
	Frames int    // inferences of a sequence; with more than one, files of whole sequences are read
	Rate   int    // samples per second of the sound that the network takes; 0 where nothing says

	// Unsure, which may be nil, is told the samples per second of sound that is taken
	// though nothing says whether the network takes it so.
	Unsure func(rate int)
}

// sequence is how the names of files begin that hold several inputs one after the other.
const sequence = "in_seq"

// Kinds are the extensions of the files that are read.
var Kinds = []string{".bin", ".npy", ".npz", ".png", ".jpg", ".jpeg", ".wav"}

// kindOf is the extension of a file in lower case.
func kindOf(name string) string { return strings.ToLower(filepath.Ext(name)) }

// Limit is the largest file of a name that is read for a network: of raw tensors one
// byte more than they have, so that a longer file is noticed.
func Limit(name string, net []network.Binding) int64 {
	switch {
	case strings.HasPrefix(filepath.Base(name), sequence):
	case kindOf(name) == ".bin", kindOf(name) == "":
		return int64(Bytes(net)) + 1
	}
	return maxFile
}

// Bytes is the size of the concatenated inputs of a network.
func Bytes(net []network.Binding) int {
	n := 0
	for i := range net {
		n += net[i].Size
	}
	return n
}

// Decode reads the contents of a file: one input for each picture and each file of raw
// tensors, one for each element of the first dimension of an array that has one more
// than the tensor, one for each whole frame of sound. An input is the concatenated
// tensors in graph order.
func Decode(name string, data []byte, net []network.Binding, o Options) ([][]byte, error) {
	switch kindOf(name) {
	case ".npz":
		return decodeNPZ(data, net, o)
	case ".npy", ".png", ".jpg", ".jpeg", ".wav":
	default:
		n := Bytes(net)
		if strings.HasPrefix(filepath.Base(name), sequence) && n > 0 && len(data) > 0 && len(data)%n == 0 && len(data)/n <= maxInputs {
			return slices.Collect(slices.Chunk(data, n)), nil
		}
		if len(data) != n {
			return nil, fmt.Errorf("%d bytes, the network takes %d: %s", len(data), n, Describe(net))
		}
		return [][]byte{data}, nil
	}
	if len(net) != 1 {
		return nil, fmt.Errorf("the network has %d inputs; give them in one .bin file, in graph order, or in one .npz with their names: %s", len(net), Describe(net))
	}
	switch kindOf(name) {
	case ".npy":
		a, err := parseArray(data)
		if err != nil {
			return nil, err
		}
		return a.split(&net[0], o)
	case ".wav":
		return decodeWAV(data, &net[0], o)
	}
	picture, err := decodePicture(data, &net[0], o)
	if err != nil {
		return nil, err
	}
	return [][]byte{picture}, nil
}

// Describe lists the inputs of a network with their types and shapes.
func Describe(net []network.Binding) string {
	list := make([]string, len(net))
	for i, b := range net {
		list[i] = fmt.Sprintf("%s %s %v", b.Name, b.Type, b.Shape)
	}
	return strings.Join(list, ", ")
}

// LongDims are the dimensions other than one.
func LongDims(shape []int) []int {
	var out []int
	for _, n := range shape {
		if n != 1 {
			out = append(out, n)
		}
	}
	return out
}
