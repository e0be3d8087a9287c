package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults/audit"
	"upset/faults/campaign"
	"upset/faults/protect"
	"upset/models/inputs"
	"upset/stats/report"
	"upset/stats/result"
)

func campaignPackCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "pack",
		Usage:     "an audit pack: one file that campaign verify checks without anything else",
		ArgsUsage: "CAMPAIGN",
		Description: `Writes a zip file with the spec, the records, results and pages, model and inputs, the
build and every module that it is made of (SBOM in CycloneDX), this machine, and a
manifest with the SHA-256 of every file. Of an assessment the proofs are in it too. Equal
contents give equal bytes. The campaign is checked before, but for injecting records
again: what would not be verified is not packed.

Examples:
  upset campaign pack upset-out/fashion-tiny-u55-128-1a2b3c4d -o audit.zip
  upset campaign pack net-run --digests-only -o audit.zip   # model and inputs stay here`,
		Flags: commonFlags(
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FILE` of the pack"},
			&cli.BoolFlag{Name: "digests-only", Usage: "leave out model and inputs; to inject records again, verify then needs them from elsewhere"},
			&cli.StringFlag{Name: "model", Usage: "`FILE` of the model, if it has moved"},
			&cli.StringFlag{Name: "inputs", Usage: "`DIR` of the inputs, if it has moved"},
		),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "CAMPAIGN")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			file := cmp.Or(c.String("output"), o.out) // a pack is the only result: --out can mean nothing else
			if file == "" {
				return usage("name the file of the pack with -o, for example -o audit.zip")
			}
			if err := roomFor(file); err != nil {
				return err
			}
			k := &packing{verification: verification{program: p, common: o, model: c.String("model"), inputs: c.String("inputs")}, only: c.Bool("digests-only")}
			return k.run(args[0], file)
		},
	}
}

// roomFor says before the work whether a file can be put where it is to go.
func roomFor(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return usage("%s is a folder: name a file in it, for example -o %s", file, filepath.Join(file, "audit.zip"))
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return usage("there is no folder %s for the pack: make it first", filepath.Dir(file))
	}
	return nil
}

// packed is the result of upset campaign pack.
type packed struct {
	Pack   string `json:"pack"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Files  int    `json:"files"`
	// DigestsOnly says that model and inputs were left out.
	DigestsOnly  bool   `json:"digests_only"`
	SpecDigest   string `json:"spec_digest"`
	ResultDigest string `json:"result_digest"`
}

// packing is a pack that is being made.
type packing struct {
	verification
	only     bool // digests
	manifest audit.Manifest
	entries  []audit.Entry
}

// run makes a pack.
func (k *packing) run(dir, file string) error {
	s, err := loadRecords(dir)
	if err != nil {
		return err
	}
	if !s.Complete {
		return &coded{codeIncomplete, fmt.Errorf("the campaign is not complete: go on with upset campaign resume %s", quote(dir))}
	}
	k.dir, k.stored, k.note = dir, s, s.Note
	k.relocate()
	k.manifest = audit.Manifest{Tool: build(), SpecDigest: s.Spec.Digest(), ResultDigest: s.ResultDigest(), DigestsOnly: k.only}
	for _, step := range []func() error{k.results, k.made, k.network} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := report.WriteFileAtomic(file, func(w io.Writer) error { return audit.Write(w, k.manifest, k.entries) }); err != nil {
		return err
	}
	out := packed{Pack: file, Files: len(k.entries) + 1, DigestsOnly: k.only, SpecDigest: k.manifest.SpecDigest, ResultDigest: k.manifest.ResultDigest}
	if out.SHA256, out.Bytes, err = fileDigest(file); err != nil {
		return err
	}
	return k.emitPacked(out)
}

// file adds a file of the folder under its own name; one that is not there is left out.
func (k *packing) file(name string) error {
	info, err := os.Lstat(filepath.Join(k.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return usage("%s is no regular file: it is not packed", filepath.Join(k.dir, name))
	}
	k.entries = append(k.entries, audit.Entry{Path: filepath.ToSlash(name), Name: filepath.Join(k.dir, name)})
	return nil
}

// data adds what no folder has.
func (k *packing) data(path string, data []byte) {
	k.entries = append(k.entries, audit.Entry{Path: path, Data: data})
}

// results adds records, spec, results and pages after the checks that need no machine.
func (k *packing) results() error {
	if err := k.stored.Follows(); err != nil {
		return bad(err)
	}
	k.figures()
	if err := k.assessment(); err != nil {
		return err
	}
	for _, c := range k.out.Checks {
		if c.Result != result.VerifyPass {
			return usage("%s is not packed: it would not be verified: %s: %s", k.dir, c.ID, c.Reason)
		}
	}
	names := []string{campaign.LogName, campaignJSON, campaignHTML, questionJSON, assessJSON, assessHTML, cellsJSON, protect.LedgerFile}
	logs, err := proofLogs(k.dir)
	if err != nil {
		return err
	}
	for _, l := range logs {
		name, err := filepath.Rel(k.dir, filepath.Join(l, campaign.LogName))
		if err != nil {
			return err
		}
		names = append(names, name)
	}
	for _, name := range names {
		if err := k.file(name); err != nil {
			return err
		}
	}
	if k.asked == nil {
		text, err := json.MarshalIndent(campaign.Question{}, "", "  ")
		if err != nil {
			return err
		}
		k.data(questionJSON, append(text, '\n'))
	}
	spec, err := json.MarshalIndent(k.stored.Spec, "", "  ")
	if err != nil {
		return err
	}
	k.data(specJSON, append(spec, '\n'))
	// The text is made from the stored result, whose times are those of the campaign.
	text, err := k.storedFile(campaignJSON)
	if err != nil {
		return err
	}
	var r result.Campaign
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	var page bytes.Buffer
	if err := report.Write(&page, report.FormatText, r); err != nil {
		return err
	}
	k.data(reportText, page.Bytes())
	return nil
}

// made adds what the pack was made with: build, modules, machine.
func (k *packing) made() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this binary does not know what it is built of: build it with module support")
	}
	bom, err := audit.SBOM(info)
	if err != nil {
		return err
	}
	machine, err := json.MarshalIndent(audit.ThisMachine(), "", "  ")
	if err != nil {
		return err
	}
	k.data(sbomJSON, bom)
	k.data(machineJSON, append(machine, '\n'))
	k.data(buildText, []byte(info.String()))
	return nil
}

// network adds model, inputs, inventory and the module of the criterion.
func (k *packing) network() error {
	if k.note[noteModel] == "" {
		if k.only {
			return nil
		}
		return usage("the log names no model: pack the folder of the assessment, or give --digests-only")
	}
	if !k.only {
		sha, err := fileSHA(k.note[noteModel])
		if err != nil {
			return err
		}
		if was := k.note[noteModelSHA]; was != "" && sha != was {
			return usage("%s is another model than that of the campaign: its SHA-256 is %.16s, that of the campaign %.16s; put the original back or give it with --model", k.note[noteModel], sha, was)
		}
	}
	if !k.only {
		k.manifest.Model = k.carried("model", k.note[noteModel], "")
	}
	k.manifest.Inventory = k.carried("inventory", k.note[noteInventory], "")
	if file, _, isModule := strings.Cut(k.stored.Spec.Criterion, "#"); isModule {
		k.manifest.Criterion = k.carried("criterion", file, "")
	}
	if k.stored.Spec.RandomInputs || k.only {
		return nil
	}
	entries, err := os.ReadDir(k.note[noteInputs])
	if err != nil {
		return usage("inputs: %w: give their folder with --inputs, or --digests-only", pathError(k.note[noteInputs], err))
	}
	for _, e := range entries {
		kind := strings.ToLower(filepath.Ext(e.Name()))
		if e.IsDir() || !slices.Contains(inputs.Kinds, kind) && e.Name() != "labels.csv" && e.Name() != "labels.txt" {
			continue
		}
		if name := e.Name(); audit.SafeName(name) != name {
			return usage("the input %q has a name that a pack cannot have: plain letters, digits and signs", name)
		}
		k.carried("inputs", filepath.Join(k.note[noteInputs], e.Name()), e.Name())
	}
	k.manifest.Inputs = "inputs"
	return nil
}

// carried adds a file from elsewhere in a folder of the pack and returns its path, empty
// for none.
func (k *packing) carried(folder, file, name string) string {
	if file == "" {
		return ""
	}
	if name == "" {
		name = audit.SafeName(filepath.Base(file))
	}
	path := folder + "/" + name
	k.entries = append(k.entries, audit.Entry{Path: path, Name: file})
	return path
}

// fileDigest is the SHA-256 of a file and its size.
func fileDigest(name string) (string, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), n, err
}

// emitPacked prints what was packed.
func (k *packing) emitPacked(o packed) error {
	switch k.format {
	case report.FormatJSON:
		return report.EncodeJSON(k.stdout, o)
	case report.FormatCSV:
		return csv.NewWriter(k.stdout).WriteAll([][]string{
			{"pack", "sha256", "bytes", "files", "digests_only", "spec_digest", "result_digest"},
			{report.Cell(o.Pack), o.SHA256, strconv.FormatInt(o.Bytes, 10), strconv.Itoa(o.Files), strconv.FormatBool(o.DigestsOnly), o.SpecDigest, o.ResultDigest},
		})
	}
	left := ""
	if o.DigestsOnly {
		left = ", without model and inputs"
	}
	_, err := fmt.Fprintf(k.stdout, "%s   %d files, %d bytes%s\nSHA-256 %s\nspec    %s\nresult  %s\n\nNEXT\n  file the SHA-256 elsewhere, and check the pack anywhere with\n  upset campaign verify %s\n",
		report.Plain(o.Pack), o.Files, o.Bytes, left, o.SHA256, o.SpecDigest, o.ResultDigest, quote(o.Pack))
	return err
}

// unpack reads a pack into a folder for the time of the check. Whole says that its files
// are those of its manifest.
func (v *verification) unpack(name string) (whole bool, remove func(), err error) {
	m, wrong, dir, remove, err := unpackFile(name)
	if err != nil {
		return false, nil, err
	}
	v.pack, v.dir, v.out.PackedBy = m, dir, m.Tool
	if v.out.PackSHA256, _, err = fileDigest(name); err != nil {
		remove()
		return false, nil, err
	}
	whole = v.check("files", "the files of the pack are those of its manifest, by SHA-256", func() (int, string, error) {
		const most = 3
		if n := len(wrong); n > most {
			wrong = append(wrong[:most], fmt.Sprintf("and %d more", n-most))
		}
		if len(wrong) > 0 {
			return len(m.Files), "", errors.New(strings.Join(wrong, "; "))
		}
		return len(m.Files), "", nil
	})
	if !whole {
		v.left("everything else", "records, plan, result, pages, model, inputs, machine", "the pack is not as it was made")
	}
	return whole, remove, nil
}
