// Package zoo names the networks that the project ships, with the figures that
// they are expected to show, and finds and reads their files.
package zoo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

// TestPictures is the size of the whole test set of Fashion-MNIST, over which
// the accuracies are measured.
const TestPictures = 10000

// Network is one shipped network.
type Network struct {
	Name        string
	SHA256      string   // of the model file, in hexadecimal
	InputShape  []int    // int8, NHWC
	Classes     []string // names, in order of the outputs
	MACs        int      // multiply-accumulates of one inference, padding taps included
	Right       int      // pictures of the whole test set that the int8 network classifies right
	RightOfHead int      // the same among the pictures stored beside the model
}

// InputBytes returns the size of one raw input tensor.
func (n Network) InputBytes() int {
	size := 1
	for _, d := range n.InputShape {
		size *= d
	}
	return size
}

// Networks returns all shipped networks.
func Networks() []Network { return append([]Network(nil), shipped...) }

// ByName returns one shipped network.
func ByName(name string) (Network, error) {
	names := make([]string, len(shipped))
	for i, n := range shipped {
		if n.Name == name {
			return n, nil
		}
		names[i] = n.Name
	}
	return Network{}, fmt.Errorf("no shipped network %q; there are %q", name, names)
}

// Dir returns the folder testdata/models of the project that holds the current
// directory.
func Dir() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("shipped networks: %w", err)
	}
	for {
		if mod, err := os.ReadFile(filepath.Join(at, "go.mod")); err == nil && bytes.HasPrefix(mod, []byte("module upset\n")) {
			return filepath.Join(at, "testdata", "models"), nil
		}
		parent := filepath.Dir(at)
		if parent == at {
			return "", errors.New("shipped networks: the current directory is not inside the project; name the folder testdata/models")
		}
		at = parent
	}
}

// ModelPath returns the model file of the network in the folder dir.
func (n Network) ModelPath(dir string) string { return filepath.Join(dir, n.Name+".tflite") }

// InputsPath returns the folder of inputs that belongs to the model.
func (n Network) InputsPath(dir string) string { return filepath.Join(dir, n.Name+".inputs") }

// Check compares the bytes of a model with the recorded digest.
func (n Network) Check(model []byte) error {
	sum := sha256.Sum256(model)
	if got := hex.EncodeToString(sum[:]); got != n.SHA256 {
		return fmt.Errorf("sha256 %s differs from the recorded %s", got, n.SHA256)
	}
	return nil
}

// ReadModel reads the model file and checks its digest.
func (n Network) ReadModel(dir string) ([]byte, error) {
	model, err := os.ReadFile(n.ModelPath(dir))
	if err != nil {
		return nil, fmt.Errorf("shipped network %s: %w", n.Name, err)
	}
	if err := n.Check(model); err != nil {
		return nil, fmt.Errorf("shipped network %s: %w; rebuild it with: go run ./models/train/rebuild", n.Name, err)
	}
	return model, nil
}

// ReadInputs reads the raw input tensors stored beside the model, in name
// order.
func (n Network) ReadInputs(dir string) ([][]byte, error) {
	names, err := filepath.Glob(filepath.Join(n.InputsPath(dir), "in_*.bin"))
	if err != nil {
		return nil, fmt.Errorf("shipped network %s: inputs: %w", n.Name, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("shipped network %s: no in_*.bin in %s", n.Name, n.InputsPath(dir))
	}
	sort.Strings(names)
	inputs := make([][]byte, len(names))
	for i, name := range names {
		if inputs[i], err = os.ReadFile(name); err != nil {
			return nil, fmt.Errorf("shipped network %s: %w", n.Name, err)
		}
		if len(inputs[i]) != n.InputBytes() {
			return nil, fmt.Errorf("shipped network %s: %s holds %d bytes, the input takes %d", n.Name, name, len(inputs[i]), n.InputBytes())
		}
	}
	return inputs, nil
}
