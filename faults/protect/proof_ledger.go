package protect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"upset/faults/disk"
	"upset/stats/result"
)

// LedgerFile is the file in the folder of a campaign in which every proof stands that was
// ever begun on it, whatever was asked. The error of the verdicts is shared over all of
// them: who may choose the question after seeing an answer must not get a fresh error
// for each.
const LedgerFile = "proofs.json"

// ledgerLimit bounds the size of a ledger in bytes.
const ledgerLimit = 4 << 20

// States of a proof.
const (
	ProofBegun = "begun"
	ProofHolds = "holds"
	ProofFails = "does not hold"
)

// Ledger is the record of all proofs on a campaign. Without a folder it lives in memory.
type Ledger struct {
	folder string
	disk   disk.Disk
	list   []result.LedgerProof
}

// OpenLedger reads the ledger of a folder on a disk, nil for the system's; none is an
// empty one.
func OpenLedger(d disk.Disk, folder string) (*Ledger, error) {
	l := &Ledger{folder: folder, disk: d}
	if folder == "" {
		return l, nil
	}
	f, err := os.Open(filepath.Join(folder, LedgerFile))
	if errors.Is(err, os.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ledger of proofs: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, ledgerLimit+1))
	if err != nil {
		return nil, fmt.Errorf("ledger of proofs: %w", err)
	}
	var file struct {
		Proofs []result.LedgerProof `json:"proofs"`
	}
	if len(data) > ledgerLimit || json.Unmarshal(data, &file) != nil {
		return nil, l.damaged("is not readable")
	}
	for i, p := range file.Proofs {
		if p.Number != i+1 || p.Question == "" || p.Attempt < 1 {
			return nil, l.damaged(fmt.Sprintf("has a wrong entry %d", i+1))
		}
	}
	l.list = file.Proofs
	return l, nil
}

func (l *Ledger) damaged(what string) error {
	return fmt.Errorf("the ledger of proofs %s %s: without it the error of earlier proofs is unknown; run the campaign in another folder", filepath.Join(l.folder, LedgerFile), what)
}

// find is the entry of an attempt at a question, nil if it was never begun.
func (l *Ledger) find(question string, attempt int) *result.LedgerProof {
	for i := range l.list {
		if p := &l.list[i]; p.Question == question && p.Attempt == attempt {
			return p
		}
	}
	return nil
}

// number is the place of an attempt with a design among all proofs of the folder, from 1.
// Where the attempt was made with another design, by another build, this one is new.
func (l *Ledger) number(question string, attempt int, design string) int {
	if p := l.find(question, attempt); p != nil && p.Design == design {
		return p.Number
	}
	return len(l.list) + 1
}

// Begin enters a proof before its first injection, so that no proof can be forgotten.
func (l *Ledger) Begin(p result.LedgerProof) error {
	if old := l.find(p.Question, p.Attempt); old != nil {
		if old.Design == p.Design && old.Seed == p.Seed {
			return nil // the same proof, which goes on or is read again
		}
		// The same question had another design when it was asked first, with another
		// build: both count.
		p.Attempt = len(l.list) + 1 + attempts
	}
	p.Number, p.State = len(l.list)+1, ProofBegun
	l.list = append(l.list, p)
	return l.store()
}

// End enters the outcome of a proof.
func (l *Ledger) End(question, design string, a result.Attempt) error {
	for i := range l.list {
		p := &l.list[i]
		if p.Question != question || p.Design != design || p.Seed != a.Seed {
			continue
		}
		p.State = ProofFails
		if a.Holds {
			p.State = ProofHolds
		}
		p.Injections, p.Violations, p.FITUpper, p.SPFMLower, p.ResultDigest = a.Injections, a.Violations, a.FITUpper, a.SPFMLower, a.ResultDigest
	}
	return l.store()
}

// store writes the ledger in one piece.
func (l *Ledger) store() error {
	if l.folder == "" {
		return nil
	}
	data, err := json.MarshalIndent(map[string]any{"proofs": l.list}, "", "  ")
	if err != nil {
		return fmt.Errorf("ledger of proofs: %w", err)
	}
	if err := disk.WriteWhole(l.disk, filepath.Join(l.folder, LedgerFile), append(data, '\n')); err != nil {
		return fmt.Errorf("ledger of proofs: %w", err)
	}
	return nil
}

// Proofs lists every proof that was ever begun, in order.
func (l *Ledger) Proofs() []result.LedgerProof { return slices.Clone(l.list) }
