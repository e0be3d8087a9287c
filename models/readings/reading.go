// Package readings compares counters that somebody read on a board or in another
// simulator with those of the machine: it reads them from files, sets them side by side,
// and says which operations could explain a difference.
package readings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"upset/npu"
	"upset/npu/isa"
)

// Bounds of what is read (our choice).
const (
	MaxBytes = 1 << 20   // of a file
	maxText  = 4000      // bytes of one text of a reading
	maxCount = 1<<53 - 1 // of a counter: the largest safe integer of ECMAScript
)

// Who read the counters.
const (
	Board     = "board"
	Simulator = "simulator"
)

// Reading is the counters of one inference with what is known about them. Of counters
// that stand in a log, only Name, Counters and Ignored are set.
type Reading struct {
	Name    string `yaml:"name"`
	Stream  Stream `yaml:"stream"`
	Network string `yaml:"network"` // in words
	NPU     string `yaml:"npu"`     // configuration, such as u55-128
	System  string `yaml:"system"`  // the named system that comes closest to where it was read
	ReadBy  string `yaml:"read_by"` // Board or Simulator
	Source  Source `yaml:"source"`
	// Counters are the values by public name, see [npu.PublicEvents]. What tools print as
	// the total of cycles is the counter "cycle".
	Counters map[string]Count `yaml:"counters"`
	// ExplainedBy says what explains a difference, DecidedBy what would decide it.
	ExplainedBy string `yaml:"explained_by"`
	DecidedBy   string `yaml:"decided_by"`

	Ignored int `yaml:"-"` // lines of a log that name no counter
}

// Stream pins down the compiled network.
type Stream struct {
	File   string `yaml:"file"` // name without a folder
	SHA256 string `yaml:"sha256"`
}

// Source is where the reading stands.
type Source struct {
	Title string `yaml:"title"`
	URL   string `yaml:"url"`
	Date  string `yaml:"date"` // of the source: year, or year and month, or day; may be empty
}

// Count is a value of a counter.
type Count int64

// UnmarshalYAML refuses what is not written as a whole number in decimal digits.
func (c *Count) UnmarshalYAML(n *yaml.Node) error {
	v, err := strconv.ParseUint(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || n.Style != 0 || err != nil || v > maxCount {
		return fmt.Errorf("line %d: a counter is a whole number from 0 to %d in decimal digits", n.Line, int64(maxCount))
	}
	*c = Count(v)
	return nil
}

var (
	dateForm   = regexp.MustCompile(`^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$`)
	digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
	nameForm   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`)
)

// Parse reads a reading in YAML. Unknown keys, missing ones and names that are no
// public event are refused.
func Parse(data []byte) (*Reading, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%d bytes; at most %d are read", len(data), MaxBytes)
	}
	r := new(Reading)
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(r); errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	} else if err != nil {
		return nil, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	return r, r.check()
}

// check reports the first thing that is missing or wrong.
func (r *Reading) check() error {
	for _, x := range []struct{ key, text string }{
		{"name", r.Name}, {"stream.file", r.Stream.File}, {"stream.sha256", r.Stream.SHA256}, {"network", r.Network}, {"npu", r.NPU},
		{"system", r.System}, {"read_by", r.ReadBy}, {"source.title", r.Source.Title}, {"explained_by", r.ExplainedBy}, {"decided_by", r.DecidedBy},
	} {
		if strings.TrimSpace(x.text) == "" {
			return fmt.Errorf("%s is missing", x.key)
		}
		if err := plainText(x.text); err != nil {
			return fmt.Errorf("%s %w", x.key, err)
		}
	}
	if !nameForm.MatchString(r.Name) || !nameForm.MatchString(r.System) {
		return fmt.Errorf("name %q and system %q: use letters, digits, '.', '_' and '-'", r.Name, r.System)
	}
	if path.Base(r.Stream.File) != r.Stream.File || strings.ContainsAny(r.Stream.File, `/\`) || strings.HasPrefix(r.Stream.File, ".") {
		return fmt.Errorf("stream.file %q: give the name of the file without its folder", r.Stream.File)
	}
	if !digestForm.MatchString(r.Stream.SHA256) {
		return errors.New("stream.sha256: want 64 hexadecimal digits in lower case")
	}
	if _, err := isa.ParseConfig(r.NPU); err != nil {
		return err
	}
	if r.ReadBy != Board && r.ReadBy != Simulator {
		return fmt.Errorf("read_by %q: want %s or %s", r.ReadBy, Board, Simulator)
	}
	if r.Source.Date != "" && !dateForm.MatchString(r.Source.Date) {
		return fmt.Errorf("source.date %q: write 2026, 2026-03 or 2026-03-31", r.Source.Date)
	}
	if u, err := url.Parse(r.Source.URL); r.Source.URL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || plainText(r.Source.URL) != nil) {
		return fmt.Errorf("source.url %q: want an address that begins with https://", r.Source.URL)
	}
	if len(r.Counters) == 0 {
		return errors.New("counters: there is none")
	}
	for name := range r.Counters {
		if !public[name] {
			return fmt.Errorf("counters: %q is no public PMU event: write one such as npu_active or axi0_rd_data_beat_received", name)
		}
	}
	return nil
}

// plainText refuses long texts and characters without a shape.
func plainText(s string) error {
	if len(s) > maxText {
		return fmt.Errorf("has %d bytes; at most %d are read", len(s), maxText)
	}
	for _, r := range s {
		if r != '\n' && !unicode.IsPrint(r) {
			return fmt.Errorf("holds the character %U", r)
		}
	}
	return nil
}

// public are the names that a counter may have.
var public = func() map[string]bool {
	m := map[string]bool{}
	for _, e := range npu.PublicEvents {
		if e.Number != 0 {
			m[e.Name] = true
		}
	}
	return m
}()
