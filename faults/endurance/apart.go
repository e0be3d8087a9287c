package endurance

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Seeds of some targets are files of other people, and inputs that grew from them are partly theirs.
const (
	// pieceLength is the length in bytes of a piece that says that an input was made of a file, pieceBytes the
	// number of different values in it, and largestApart the size in bytes above which a file is no seed (all our choice).
	pieceLength  = 24
	pieceBytes   = 8
	largestApart = 32 << 20
)

type piece [pieceLength]byte

// pieces calls a function for every piece of some bytes that can be told from padding.
func pieces(b []byte, each func(piece)) {
	for ; len(b) >= pieceLength; b = b[1:] {
		p := piece(b)
		var seen [256]bool
		n := 0
		for _, x := range p {
			if !seen[x] {
				seen[x] = true
				n++
			}
		}
		if n >= pieceBytes {
			each(p)
		}
	}
}

// borrowed are the inputs, by name, that have a piece in common with a file below a folder; a folder
// that is not there has none.
func borrowed(folder string, inputs map[string][]byte) (map[string]bool, error) {
	owners := make(map[piece][]string)
	begins := make([]bool, 1<<24) // by the first three bytes: most places of a file need no look at the map
	for name, text := range inputs {
		for _, value := range values(string(text)) {
			pieces(value, func(p piece) {
				owners[p] = append(owners[p], name)
				begins[int(p[0])|int(p[1])<<8|int(p[2])<<16] = true
			})
		}
	}
	found := make(map[string]bool)
	folder, err := filepath.EvalSymlinks(folder) // a walk does not follow them
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if info, err := d.Info(); err != nil || info.Size() > largestApart {
			return err
		}
		data, err := os.ReadFile(path)
		for i := 0; i+pieceLength <= len(data); i++ {
			if begins[int(data[i])|int(data[i+1])<<8|int(data[i+2])<<16] {
				for _, name := range owners[piece(data[i:])] {
					found[name] = true
				}
			}
		}
		return err
	})
	return found, err
}

// values are the strings of bytes of an input as Go's fuzzer writes it: a line for each argument, as in []byte("x").
func values(text string) (list [][]byte) {
	for line := range strings.Lines(text) {
		kind, rest, ok := strings.Cut(strings.TrimSpace(line), "(")
		if !ok || kind != "[]byte" && kind != "string" {
			continue
		}
		if value, err := strconv.Unquote(strings.TrimSuffix(rest, ")")); err == nil {
			list = append(list, []byte(value))
		}
	}
	return list
}
