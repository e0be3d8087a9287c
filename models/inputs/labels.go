package inputs

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Bounds of labels (our choice).
const (
	maxLabels = 16 << 20 // bytes of the file
	maxClass  = 1 << 20
)

// readLabels reads labels.csv or labels.txt of a folder for inputs of the given names.
func readLabels(dir string, names []string) ([]int, error) {
	for _, file := range []string{"labels.csv", "labels.txt"} {
		path := filepath.Join(dir, file)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && info.Size() > maxLabels {
			err = fmt.Errorf("%s has %d bytes; at most %d are read", path, info.Size(), maxLabels)
		}
		var data []byte
		if err == nil {
			data, err = os.ReadFile(path)
		}
		if err != nil {
			return nil, pathError(path, err)
		}
		list, err := ParseLabels(file, data, names)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return list, nil
	}
	return nil, nil
}

// ParseLabels reads the classes of inputs: in each line the name of a file and its class,
// or in each line the class of the next input. A class is a number from 0; a first line
// of titles is left out. In .csv the fields are parted by commas, else by blanks.
func ParseLabels(file string, data []byte, names []string) ([]int, error) {
	records, err := labelRecords(file, data)
	if err != nil {
		return nil, err
	}
	labels := slices.Repeat([]int{NoLabel}, len(names))
	position := map[string]int{}
	for i, n := range names {
		position[n] = i
	}
	plain := 0
	for i, r := range records {
		class, err := strconv.Atoi(strings.TrimSpace(r[len(r)-1]))
		if err != nil && i == 0 {
			continue // titles
		}
		if err != nil || class < 0 || class > maxClass {
			return nil, fmt.Errorf("line %d: %q is no class: give its number, from 0 to %d", i+1, r[len(r)-1], maxClass)
		}
		at := plain
		if len(r) > 1 {
			name, ok := strings.TrimSpace(r[0]), false
			if at, ok = position[name]; !ok {
				return nil, fmt.Errorf("line %d: there is no input %q", i+1, name)
			}
		} else if plain++; at >= len(names) {
			return nil, fmt.Errorf("more classes than the %d inputs", len(names))
		}
		labels[at] = class
	}
	if plain > 0 && plain != len(names) {
		return nil, fmt.Errorf("%d classes for %d inputs: name the files in front of them, or give one for each", plain, len(names))
	}
	return labels, nil
}

// labelRecords parts lines into fields; empty lines are left out.
func labelRecords(file string, data []byte) ([][]string, error) {
	if kindOf(file) == ".csv" {
		r := csv.NewReader(bytes.NewReader(data))
		r.FieldsPerRecord = -1
		return r.ReadAll()
	}
	var list [][]string
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 0 {
			list = append(list, f)
		}
	}
	return list, nil
}
