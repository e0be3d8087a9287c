package inputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"upset/models/network"
)

// NoLabel is the class of an input that has none.
const NoLabel = -1

// Set is the inputs of a folder.
type Set struct {
	Data   [][]byte
	Names  []string // of their files; with a number where a file has several
	Labels []int    // their classes, NoLabel for none; nil without a file of labels
}

// Folder reads the inputs of a folder in the order of their names, and their classes from
// labels.csv or labels.txt. For sequences the files named in_seq* count alone where there
// are any, and never else. Of raw tensors only those named in_* count where there are any,
// and never those named out_*; other files are left alone.
func Folder(dir string, net []network.Binding, o Options) (*Set, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of inputs: %w", pathError(dir, err))
	}
	s, total := &Set{}, 0
	for _, name := range wanted(entries, o.Frames > 1) {
		list, err := File(filepath.Join(dir, name), net, o)
		if err != nil {
			return nil, err
		}
		for i, data := range list {
			if total += len(data); total > maxTotal || len(s.Data) == maxInputs {
				return nil, fmt.Errorf("folder of inputs %s holds more than %d inputs or %d bytes of them: take a sample", dir, maxInputs, maxTotal)
			}
			if len(list) > 1 {
				s.Names = append(s.Names, fmt.Sprintf("%s#%d", name, i))
			} else {
				s.Names = append(s.Names, name)
			}
			s.Data = append(s.Data, data)
		}
	}
	if len(s.Data) == 0 {
		return nil, fmt.Errorf("folder of inputs %s holds none: files with the endings %s are read", dir, strings.Join(Kinds, ", "))
	}
	s.Labels, err = readLabels(dir, s.Names)
	return s, err
}

// maxTotal bounds the bytes of all inputs (our choice).
const maxTotal = 512 << 20

// wanted are the names of the files that hold inputs.
func wanted(entries []fs.DirEntry, sequences bool) []string {
	raw := func(e fs.DirEntry, prefix string) bool {
		return kindOf(e.Name()) == ".bin" && strings.HasPrefix(e.Name(), prefix)
	}
	whole := func(e fs.DirEntry) bool { return raw(e, sequence) }
	sequences = sequences && slices.ContainsFunc(entries, whole)
	marked := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return raw(e, "in_") })
	var names []string
	for _, e := range entries {
		if e.IsDir() || !slices.Contains(Kinds, kindOf(e.Name())) || raw(e, "out_") || marked && raw(e, "") && !raw(e, "in_") {
			continue
		}
		if whole(e) == sequences {
			names = append(names, e.Name())
		}
	}
	return names
}

// File reads the inputs of a file, see [Decode].
func File(name string, net []network.Binding, o Options) ([][]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("input: %w", pathError(name, err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("input: %s is no regular file", name)
	}
	if limit := Limit(name, net); info.Size() >= limit {
		if limit < maxFile {
			return nil, fmt.Errorf("input %s has %d bytes, the network takes %d: %s", name, info.Size(), Bytes(net), Describe(net))
		}
		return nil, fmt.Errorf("input %s has %d bytes; at most %d are read", name, info.Size(), limit)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("input: %w", pathError(name, err))
	}
	list, err := Decode(name, data, net, o)
	if err != nil {
		return nil, fmt.Errorf("input %s: %w", name, err)
	}
	return list, nil
}

// pathError says what is wrong with a file, without the name of a system call.
func pathError(name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", name, p.Err)
	}
	return err
}
