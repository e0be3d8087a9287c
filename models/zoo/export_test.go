package zoo

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Accuracy returns the int8 top-1 share over the whole test set.
func (n Network) Accuracy() float64 { return float64(n.Right) / TestPictures }

// ReadLabels reads the class of every stored input.
func (n Network) ReadLabels(dir string) ([]int, error) {
	raw, err := os.ReadFile(filepath.Join(n.InputsPath(dir), "labels.txt"))
	if err != nil {
		return nil, fmt.Errorf("shipped network %s: %w", n.Name, err)
	}
	labels, err := ParseLabels(raw, len(n.Classes))
	if err != nil {
		return nil, fmt.Errorf("shipped network %s: labels.txt: %w", n.Name, err)
	}
	return labels, nil
}

// ParseLabels reads one class number per line. Numbers from classes on are
// refused.
func ParseLabels(raw []byte, classes int) ([]int, error) {
	var labels []int
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		label, err := strconv.Atoi(lines.Text())
		if err != nil || label < 0 || label >= classes {
			return nil, fmt.Errorf("line %d: %q is not a class from 0 to %d", len(labels)+1, lines.Text(), classes-1)
		}
		labels = append(labels, label)
	}
	return labels, lines.Err()
}

// top returns the index of the largest int8 value; ties go to the lowest index.
func top(output []byte) int {
	best := 0
	for i, v := range output {
		if int8(v) > int8(output[best]) {
			best = i
		}
	}
	return best
}
