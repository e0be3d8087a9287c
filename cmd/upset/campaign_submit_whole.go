package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/npu"
	"upset/stats/report"
)

// submitAssess has the campaign of an assessment run in shards; search and proof follow
// when it is complete, as one job.
func (p *program) submitAssess(c *cli.Context, o common, q campaign.Question, file string, s *submission) error {
	ready, err := p.prepareCampaign(c, o, file, !c.IsSet("proof-inputs"))
	if err != nil {
		return err
	}
	_, _, err = p.planPrepared(c.Context, ready, campaign.Cut{Shards: c.Int("shards")}, s.cpus)
	ready.lock.Release()
	if err != nil {
		return err
	}
	dir := absolute(ready.dir)
	o.out = dir
	if s.engine == engineLocal {
		if err := p.submitLocal(c, o, dir, s, io.Discard); err != nil || s.dryRun {
			return err
		}
		return p.assess(c, o, q, file)
	}
	if err := p.writeThen(dir, s, "exec "+s.line(append(withoutEngine(p.args), "--out="+dir)...)); err != nil {
		return err
	}
	return p.submit(c, o, q, dir, s)
}

// submitSweep has the campaigns of a sweep run in shards; the sweep itself follows when
// all are complete.
func (p *program) submitSweep(c *cli.Context, o common, ecc npu.ECC, file *sweepFile, s *submission) error {
	questions, err := file.questions()
	if err != nil {
		return bad(err)
	}
	if o.out == "" {
		o.out = filepath.Join("upset-out", "sweep")
	}
	o.out = absolute(o.out)
	var dirs []string
	err = file.each(func(k sweepCase) error {
		k.ecc = ecc
		ready, err := p.prepareSweep(c, o, k)
		if err != nil {
			return err
		}
		_, _, err = p.planPrepared(c.Context, ready, campaign.Cut{Shards: c.Int("shards")}, s.cpus)
		ready.lock.Release()
		dirs = append(dirs, ready.dir)
		return err
	})
	if err != nil {
		return err
	}
	if s.engine == engineLocal {
		for _, dir := range dirs {
			if err := p.submitLocal(c, o, dir, s, io.Discard); err != nil {
				return err
			}
		}
		if s.dryRun {
			return nil
		}
		return p.sweep(c, o, ecc, file)
	}
	// The one that is complete last finds all others complete.
	var script strings.Builder
	script.WriteString("for campaign in")
	for _, dir := range dirs {
		script.WriteString(" " + quote(dir))
	}
	fmt.Fprintf(&script, "; do\n\t%s \"$campaign\" >/dev/null || exit 0\ndone\nexec %s", s.line("campaign", "merge"), s.line(append(withoutEngine(p.args), "--out="+o.out)...))
	if err := p.writeThen(o.out, s, script.String()); err != nil {
		return err
	}
	o.format = report.FormatText
	for _, dir := range dirs {
		each := *s
		if err := p.submit(c, o, questions[0], dir, &each); err != nil {
			return err
		}
	}
	return nil
}

// writeThen writes the script that runs when campaigns are complete. A dry run prints it.
func (p *program) writeThen(dir string, s *submission, text string) error {
	text = fmt.Sprintf("cd %s || exit 1\n%s\n", quote(s.folder), text)
	s.then = filepath.Join(dir, submitFolder, "then.sh")
	if s.dryRun {
		_, err := fmt.Fprintf(p.stdout, "# then.sh, when all is complete\n%s\n", text)
		return err
	}
	if err := makeFolder(filepath.Dir(s.then)); err != nil {
		return err
	}
	return report.WriteFileAtomic(s.then, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
}

// withoutEngine is a command line without what says how it runs and where its result goes.
func withoutEngine(args []string) []string {
	names := []string{"out", "shards"}
	for _, f := range engineFlags() {
		names = append(names, f.Names()[0])
	}
	var list []string
	for i := min(1, len(args)); i < len(args); i++ {
		if args[i] == "--" { // the flags that are added must stand before it
			for _, a := range args[i+1:] {
				if strings.HasPrefix(a, "-") {
					a = "./" + a
				}
				list = append(list, a)
			}
			break
		}
		name, _, inline := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !strings.HasPrefix(args[i], "-") || !slices.Contains(names, name) {
			list = append(list, args[i])
			continue
		}
		if !inline && name != "dry-run" {
			i++
		}
	}
	return list
}
