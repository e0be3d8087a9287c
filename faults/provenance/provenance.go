// Package provenance says what the figures of a page were made with, so that a page
// that the program has outgrown is noticed: the revision of the source, and digests of
// two small experiments. A generator puts the line on its page, and a test repeats the
// experiments and compares.
package provenance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/models/network"
	"upset/models/zoo"
	"upset/npu"
	"upset/npu/isa"
)

// Command makes the probe campaign by hand; its result_digest begins with the digits
// that pages show.
const Command = "upset campaign run testdata/models/fashion-tiny.tflite --injections 5000 --seed 1 --out DIR"

// The probes (our choice: they end within some seconds, and a change of the rules that
// matters for a page hits some of some thousand upsets).
const (
	modelName  = "fashion-tiny"
	config     = isa.U55x128
	injections = 5000
	seed       = 1
	guarded    = 500 // upsets beside each mechanism, and as many in its own flops
	digits     = 16  // hexadecimal digits of a digest that a page shows
	revision   = 12  // digits of a revision
)

// kinds are the mechanisms of the second probe: all that act in a simulation.
var kinds = []mechanism.Kind{
	mechanism.Parity, mechanism.ParityInterleaved, mechanism.ParityAlways, mechanism.Duplicate, mechanism.Triplicate, mechanism.Lockstep,
	mechanism.Residue, mechanism.StreamCRC, mechanism.Checksum,
}

// Made is what figures were made with. It is embedded in files of figures, beside
// them.
type Made struct {
	// Revision is the source's commit; "with changes" behind it says that files of
	// the program differed from it. It is empty where it is not known.
	Revision string `json:"revision,omitempty"`
	// Probe is the beginning of the result digest of the probe campaign, see
	// [Command]. It is empty where figures are of rules that no longer hold, and
	// stand until they are measured again.
	Probe string `json:"probe,omitempty"`
	// Mechanisms is the beginning of the digest of what every mechanism did to a
	// list of upsets.
	Mechanisms string `json:"probe_mechanisms,omitempty"`
}

// Now runs the probes with the present program. The current directory is one of the
// project; the revision is that of the checkout at this moment, so that a long
// measurement should run where nobody commits.
func Now(ctx context.Context) (Made, error) {
	dir, err := zoo.Dir()
	if err != nil {
		return Made{}, err
	}
	m, err := Probes(ctx, dir)
	m.Revision = head()
	return m, err
}

// Probes runs the probes alone, with the shipped networks from a folder.
func Probes(ctx context.Context, models string) (Made, error) {
	e, err := probe(models)
	if err != nil {
		return Made{}, err
	}
	dir, err := os.MkdirTemp("", "probe")
	if err != nil {
		return Made{}, err
	}
	defer os.RemoveAll(dir)
	spec := campaign.Spec{Model: modelName, Seed: seed, Injections: injections}
	r, err := campaign.Run(ctx, e, spec, dir, campaign.RunOptions{Workers: runtime.NumCPU()})
	if err != nil {
		return Made{}, fmt.Errorf("probe campaign: %w", err)
	}
	var seen []protect.Coverage
	for _, k := range kinds {
		c, err := protect.Measure(ctx, e, k, mechanism.DefaultCells(), seed, guarded, guarded, runtime.NumCPU())
		if err != nil {
			return Made{}, fmt.Errorf("probe of %s: %w", k, err)
		}
		c.AreaGE = math.Round(c.AreaGE) // whole ones are the same on every processor
		seen = append(seen, c)
	}
	return Made{Probe: r.ResultDigest[:digits], Mechanisms: campaign.Digest(seen)[:digits]}, nil
}

// probe is the engine of campaign run on the network, from a folder, with its defaults.
func probe(dir string) (*engine.Engine, error) {
	net, err := zoo.ByName(modelName)
	if err != nil {
		return nil, err
	}
	model, err := net.ReadModel(dir)
	if err != nil {
		return nil, err
	}
	inputs, err := net.ReadInputs(dir)
	if err != nil {
		return nil, err
	}
	n, err := network.Open(model, config)
	if err != nil {
		return nil, err
	}
	return engine.New(n.Program(), inputs, faults.Options{ECC: npu.ECCSECDED}, nil)
}

// head is the revision of the checkout as git tells it, empty without one. A program
// that go run has built does not know it.
func head() string {
	out, err := exec.Command("git", "rev-parse", fmt.Sprintf("--short=%d", revision), "HEAD").Output()
	if err != nil {
		return ""
	}
	text := strings.TrimSpace(string(out))
	// Pages and tables may differ: several are often made in a row.
	changed, err := exec.Command("git", "status", "--porcelain", "--",
		":(top)*.go", ":(top)*.s", ":(top)go.mod", ":(top)go.sum", ":(top)testdata/models").Output()
	if err != nil || len(bytes.TrimSpace(changed)) > 0 {
		text += " with changes"
	}
	return text
}

// Line is the line for a page.
func (m Made) Line() string {
	at := m.Revision
	if at == "" {
		at = "unknown"
	}
	switch {
	case m.Probe == "":
		return fmt.Sprintf("*Older rules: measured at revision %s, whose outcomes are no longer this program's.*", at)
	case m.Mechanisms == "":
		return fmt.Sprintf("*Measured at revision %s; probe campaign %s.*", at, m.Probe)
	}
	return fmt.Sprintf("*Measured at revision %s; probe campaign %s, mechanisms %s.*", at, m.Probe, m.Mechanisms)
}

// line reads what Line writes.
var line = regexp.MustCompile(`^\*(Older rules: m|M)easured at revision ([0-9a-f]{7,40}(?: with changes)?|unknown)(?:; probe campaign ([0-9a-f]{16})(?:, mechanisms ([0-9a-f]{16}))?\.|, whose outcomes are no longer this program's\.)\*$`)

// Lines finds the lines of a page, in order. One that is malformed is no line.
func Lines(page []byte) (list []Made) {
	for l := range bytes.Lines(page) {
		m := line.FindSubmatch(bytes.TrimRight(l, "\r\n"))
		if m == nil || (string(m[1]) == "M") != (len(m[3]) > 0) {
			continue
		}
		list = append(list, Made{Revision: string(m[2]), Probe: string(m[3]), Mechanisms: string(m[4])})
	}
	return list
}

// Unguarded is for figures in which no mechanism has a part.
func (m Made) Unguarded() Made {
	m.Mechanisms = ""
	return m
}

// errNoTitle: there is nothing below which the line could stand.
var errNoTitle = errors.New("the page does not begin with a title and an empty line")

// Stamp puts the line of m below the title of a page.
func Stamp(page []byte, m Made) ([]byte, error) {
	title, rest, ok := bytes.Cut(page, []byte("\n\n"))
	if !ok || !bytes.HasPrefix(title, []byte("#")) || bytes.ContainsRune(title, '\n') {
		return nil, errNoTitle
	}
	return fmt.Appendf(nil, "%s\n\n%s\n\n%s", title, m.Line(), rest), nil
}

// Write runs the probes and writes a page of figures that were measured just now, with
// its line. Guarded says that mechanisms have a part in them.
func Write(ctx context.Context, file string, page []byte, guarded bool) error {
	m, err := Now(ctx)
	if err != nil {
		return err
	}
	if !guarded {
		m = m.Unguarded()
	}
	if page, err = Stamp(page, m); err != nil {
		return fmt.Errorf("%s: %w", filepath.ToSlash(file), err)
	}
	return os.WriteFile(file, page, 0o644)
}
