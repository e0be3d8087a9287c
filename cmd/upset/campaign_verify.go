package main

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"upset/faults/audit"
	"upset/faults/campaign"
	"upset/stats/report"
	"upset/stats/result"
)

// defaultVerifySeconds is how long records are injected again by default, and
// mostVerifySeconds the most that may be asked for (our choice: a minute is a check that is
// made, a year is none).
const (
	defaultVerifySeconds = 60
	mostVerifySeconds    = 365 * 24 * 3600
)

func campaignVerifyCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check a stored campaign or an audit pack against its records and the machine",
		ArgsUsage: "CAMPAIGN",
		Description: `Checks the folder of a campaign, of an assessment, or an audit pack: every digest; that
the plans of all rounds and all injections are those that follow from the spec; every
figure of the stored results and pages, computed anew from the records alone; model and
inputs; and a random share of the records, injected again on the machine without any
shortcut. It says what it did and what it could not do.

Exit codes: 0 every check was done and passed, 1 something differs, 2 no campaign or
pack, 3 nothing differs, but something could not be checked or is not complete.

Examples:
  upset campaign verify upset-out/fashion-tiny-u55-128-1a2b3c4d
  upset campaign verify audit.zip --seconds 600
  upset campaign verify net-run --share 1 --model net.tflite --inputs pictures`,
		Flags: commonFlags(
			&cli.Float64Flag{Name: "share", Usage: "inject this `SHARE` of the records again, however long it takes, 1 = all of them; without it as many as go in --seconds"},
			&cli.Float64Flag{Name: "seconds", Value: defaultVerifySeconds, Usage: "`TIME` in which records are injected again; at least one is"},
			&cli.StringFlag{Name: "model", Usage: "`FILE` of the model, if it has moved"},
			&cli.StringFlag{Name: "inputs", Usage: "`DIR` of the inputs, if it has moved"},
		),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "CAMPAIGN")
			if err != nil {
				return err
			}
			o, err := readCommon(c, report.FormatHTML)
			if err != nil {
				return err
			}
			if c.IsSet("share") && c.IsSet("seconds") {
				return usage("--share and --seconds: give one of them")
			}
			if c.IsSet("share") && c.Float64("share") == 0 {
				return usage("--share 0 repeats no record: leave it out, or give a share such as 0.01")
			}
			v := &verification{program: p, common: o, share: c.Float64("share"), seconds: c.Float64("seconds"), model: c.String("model"), inputs: c.String("inputs")}
			if !c.IsSet("seed") {
				if v.seed, err = freshSeed(); err != nil {
					return err
				}
			}
			return v.run(c.Context, args[0])
		},
	}
}

// freshSeed draws a seed that nobody could foresee when records were stored.
func freshSeed() (uint64, error) {
	var b [8]byte
	if _, err := crand.Read(b[:]); err != nil {
		return 0, fmt.Errorf("seed: %w", err)
	}
	return binary.LittleEndian.Uint64(b[:]) & maxExact, nil
}

// verification is a check of a stored campaign under way.
type verification struct {
	*program
	common
	share, seconds float64
	model, inputs  string // where they are now, if not where the campaign says

	out    result.Verify
	pack   *audit.Manifest // of a pack that was unpacked
	within string          // the name of the campaign in an archive of several
	dir    string          // of the campaign
	stored *campaign.Stored
	note   map[string]string
	asked  *campaign.Question // nil where it is not stored
	now    *result.Campaign   // from the records
}

// errUndone says why a check could not be done.
type errUndone struct{ reason string }

func (e *errUndone) Error() string { return e.reason }

func undone(format string, values ...any) error { return &errUndone{fmt.Sprintf(format, values...)} }

// check performs one check. What it measured stands in the result beside the number of
// things that it looked at.
func (v *verification) check(id, name string, do func() (n int, measured string, err error)) bool {
	n, measured, err := do()
	c := result.VerifyCheck{ID: id, Name: name, Result: result.VerifyPass, Cases: n, Measured: measured}
	var u *errUndone
	switch {
	case errors.As(err, &u):
		c.Result, c.Reason = result.VerifyNotDone, u.reason
	case err != nil:
		c.Result, c.Reason = result.VerifyFail, oneLine(err.Error())
	}
	v.out.Checks = append(v.out.Checks, c)
	return err == nil
}

// left notes a check that was not done.
func (v *verification) left(id, name, reason string) {
	v.check(id, name, func() (int, string, error) { return 0, "", undone("%s", reason) })
}

// run checks a folder or a pack, prints the result and returns the error that sets the
// exit code.
func (v *verification) run(ctx context.Context, name string) error {
	v.out = result.Verify{Campaign: name, Tool: build(), Seed: v.seed, NeverDone: []string{
		"Who made the campaign: digests show that nothing was changed afterwards only if one of them was filed elsewhere. Compare the digests above.",
		"Whether the model of the NPU is right: see upset qualify and DEVIATIONS.md.",
	}}
	v.dir = name
	file, within, packed := archived(name)
	if _, err := os.Stat(name); err != nil && !packed {
		return usage("no campaign and no pack: %w", pathError(name, err))
	}
	if packed {
		whole, remove, err := v.unpack(file)
		if err != nil {
			return err
		}
		defer remove()
		if !whole {
			return v.end()
		}
		if err := holds(file, v.dir, within); err != nil {
			return err
		}
		v.within, v.dir = within, filepath.Join(v.dir, within)
	}
	if err := v.folder(ctx); err != nil {
		return err
	}
	return v.end()
}

// end prints the result and gives the exit code.
func (v *verification) end() error {
	v.out.Conclude()
	if err := v.emitFile(v.common, v.out, "verify", v.common.out); err != nil {
		return err
	}
	for _, c := range v.out.Checks {
		if c.Result == result.VerifyFail {
			return fmt.Errorf("%s: %s: %s", v.out.Campaign, c.ID, c.Reason)
		}
	}
	if !v.out.Verified {
		return &coded{codeIncomplete, errors.New("nothing differs, but not every check could be done")}
	}
	return nil
}

// folder checks the campaign in v.dir.
func (v *verification) folder(ctx context.Context) error {
	s, err := campaign.Load(v.dir)
	switch {
	case errors.Is(err, campaign.ErrCorrupt), errors.Is(err, campaign.ErrDamaged):
		v.check("records", "the log of records is whole", func() (int, string, error) { return 0, "", err })
		return nil
	case err != nil:
		return folderError(v.dir, err)
	case !s.Complete:
		return &coded{codeIncomplete, fmt.Errorf("the campaign is not complete: go on with upset campaign resume %s", quote(v.dir))}
	}
	v.stored, v.note = s, s.Note
	v.out.NPU, v.out.Model, v.out.SpecDigest, v.out.ResultDigest, v.out.Injections = s.Spec.NPU, s.Spec.Model, s.Spec.Digest(), s.ResultDigest(), len(s.Records)
	for _, b := range s.Builds {
		v.out.Builds = append(v.out.Builds, b.String())
	}
	locate(v.dir, v.note)
	v.relocate()
	v.check("records", "the log of records is whole: checksums, spec and result digests", func() (int, string, error) {
		if s.Torn {
			return len(s.Records), "", errors.New("something unreadable stands behind its end")
		}
		return len(s.Records), "", v.manifested()
	})
	v.check("plan", "plans and injections follow from the spec, none is missing", func() (int, string, error) { return len(s.Rounds), "", s.Follows() })
	v.figures()
	if err := v.assessment(); err != nil {
		return err
	}
	return v.machine(ctx)
}

// relocate puts the paths of the pack or of the command line in place of those in the log.
func (v *verification) relocate() {
	if v.pack != nil {
		for key, path := range map[string]string{noteModel: v.pack.Model, noteInputs: v.pack.Inputs, noteInventory: v.pack.Inventory} {
			if v.note[key] == "" && key != noteInputs {
				continue
			}
			v.note[key] = ""
			if path != "" {
				v.note[key] = inFolder(v.dir, path)
			}
		}
	}
	if v.model != "" {
		v.note[noteModel] = v.model
	}
	if v.inputs != "" {
		v.note[noteInputs] = v.inputs
	}
}

// enough is over once the time for repeated records is; nil where a share was asked for.
func (v *verification) enough() func() bool {
	if v.share > 0 {
		return nil
	}
	end := time.Now().Add(time.Duration(v.seconds * float64(time.Second)))
	return func() bool { return !time.Now().Before(end) }
}

// most is how many of so many records are repeated at most.
func (v *verification) most(n int) int {
	if v.share > 0 {
		return max(1, int(math.Ceil(v.share*float64(n))))
	}
	return n
}
