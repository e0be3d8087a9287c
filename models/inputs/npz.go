package inputs

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"upset/models/network"
)

// maxEntries bounds the arrays of an archive (our choice).
const maxEntries = 1 << 12

// decodeNPZ reads an archive of arrays (NumPy, savez): for a network with one input the
// array of its name or the only one, else one array for each input, by their names or in
// the order of the archive.
func decodeNPZ(data []byte, net []network.Binding, o Options) ([][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("no .npz archive: %w", err)
	}
	if len(z.File) > maxEntries {
		return nil, fmt.Errorf("the archive has %d arrays: at most %d are read", len(z.File), maxEntries)
	}
	files, err := assign(z.File, net)
	if err != nil {
		return nil, err
	}
	var parts [][][]byte // by input of the network, then by number
	for i, f := range files {
		text, err := unpack(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		a, err := parseArray(text)
		if err == nil {
			var list [][]byte
			list, err = a.split(&net[i], o)
			parts = append(parts, list)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if len(parts[i]) != len(parts[0]) {
			return nil, fmt.Errorf("%s holds %d inputs, %s %d", f.Name, len(parts[i]), files[0].Name, len(parts[0]))
		}
	}
	list := make([][]byte, len(parts[0]))
	for n := range list {
		for i := range parts {
			list[n] = append(list[n], parts[i][n]...)
		}
	}
	return list, nil
}

// assign finds the array of every input of a network.
func assign(files []*zip.File, net []network.Binding) ([]*zip.File, error) {
	if len(net) == 0 {
		return nil, errors.New("the network has no input")
	}
	named := make([]*zip.File, len(net))
	for i := range net {
		k := slices.IndexFunc(files, func(f *zip.File) bool { return strings.TrimSuffix(f.Name, ".npy") == net[i].Name })
		if k < 0 {
			named = nil
			break
		}
		named[i] = files[k]
	}
	switch {
	case named != nil:
		return named, nil
	case len(files) == len(net):
		return files, nil
	}
	names := make([]string, 0, 8)
	for _, f := range files[:min(len(files), cap(names))] {
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("the archive holds %d arrays (%s): name them after the network's inputs (%s), or store no others", len(files), strings.Join(names, ", "), Describe(net))
}

// unpack reads an entry of an archive, however large it says it is.
func unpack(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("more than %d bytes", maxFile)
	}
	return data, err
}
