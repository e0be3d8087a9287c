package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"upset/faults"
	"upset/faults/audit"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/stats"
	"upset/stats/report"
	"upset/stats/result"
)

// proofLogs are the folders of the proofs below that of a campaign.
func proofLogs(dir string) ([]string, error) {
	logs, err := filepath.Glob(filepath.Join(literal(dir), "protect-*", "proof-*", campaign.LogName))
	for i := range logs {
		logs[i] = filepath.Dir(logs[i])
	}
	return logs, err
}

// literal quotes what a pattern takes for a wildcard.
func literal(path string) string {
	var out bytes.Buffer
	for _, r := range path {
		if r == '*' || r == '?' || r == '[' {
			out.WriteByte('[')
			out.WriteRune(r)
			out.WriteByte(']')
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// proofs are the stored proofs by the digest of their result.
func (v *verification) proofs() (map[string]*campaign.Stored, error) {
	logs, err := proofLogs(v.dir)
	if err != nil {
		return nil, err
	}
	found := map[string]*campaign.Stored{}
	for _, dir := range logs {
		s, err := campaign.Load(dir)
		if err != nil {
			return nil, err
		}
		if !s.Complete {
			continue
		}
		if err := s.Follows(); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(dir), err)
		}
		found[s.ResultDigest()] = s
	}
	return found, nil
}

// assessment checks what an assessment has stored beside its campaign.
func (v *verification) assessment() error {
	text, err := v.storedFile(assessJSON)
	if err != nil || text == nil {
		return err
	}
	v.out.NeverDone = append(v.out.NeverDone,
		"The search for the protection, stuck-at faults, pulses and the checks of --evidence: the command of the assessment repeats them; limits of SPFM of a proof are not computed anew.")
	if v.now == nil {
		v.left("assessment", "figures of "+assessJSON+" follow from the records", "the result is not verified")
		return nil
	}
	var a result.Assess
	ok := v.check("assessment", "its campaign in "+assessJSON+" is the stored one, its page is made from it", func() (int, string, error) {
		if err := json.Unmarshal(text, &a); err != nil {
			return 0, "", fmt.Errorf("%s: %w", assessJSON, err)
		}
		now, err := v.campaignOf(&a)
		if err != nil {
			return 0, "", err
		}
		stored, err := writeJSON(a.Campaign)
		if err != nil {
			return 0, "", err
		}
		n, list, err := audit.Compare(stored, now, "seconds", "rate")
		if err := differences(assessJSON, list, err); err != nil {
			return n, "", err
		}
		_, err = v.pages(map[string]string{assessHTML: report.FormatHTML}, a)
		return n, "", err
	})
	if !ok {
		v.left("proofs", "proofs of the protection, computed anew from their records", "the assessment is not verified")
		return nil
	}
	v.check("proofs", "proofs of the protection, computed anew from their records", func() (int, string, error) { return v.ledger(&a) })
	return nil
}

// campaignOf is the campaign that an assessment has, as JSON.
func (v *verification) campaignOf(a *result.Assess) ([]byte, error) {
	now := *v.now
	if a.Protect.Pulses != nil {
		q := campaign.Question{}
		if v.asked != nil {
			q = *v.asked
		}
		q.PulseFITPerKGE = a.Campaign.Assumptions.PulseFITPerKGE
		q.WithPulses(&now, a.Protect.Pulses.TotalUnprotected)
	}
	return writeJSON(now)
}

// ledger checks proofs against their records. Which proofs there were stands in the
// ledger of the folder.
func (v *verification) ledger(a *result.Assess) (n int, measured string, err error) {
	book, err := protect.OpenLedger(nil, v.dir)
	if err != nil {
		return 0, "", err
	}
	logs, err := v.proofs()
	if err != nil {
		return 0, "", err
	}
	all := book.Proofs()
	for _, p := range a.Protect.Proof.Ledger {
		if !slices.Contains(all, p) {
			return 0, "", fmt.Errorf("%s names the proof %d, which %s has otherwise or not at all", assessJSON, p.Number, protect.LedgerFile)
		}
	}
	figures := 0
	for _, p := range all {
		if p.ResultDigest == "" {
			continue
		}
		s := logs[p.ResultDigest]
		if s == nil {
			return n, "", fmt.Errorf("%s has the proof %d with the digest %.16s, of which there are no records", protect.LedgerFile, p.Number, p.ResultDigest)
		}
		n++
		if s.Spec.Seed != p.Seed || len(s.Records) != p.Injections {
			return n, "", fmt.Errorf("the proof %d has %d records of seed %d, %s says %d of seed %d", p.Number, len(s.Records), s.Spec.Seed, protect.LedgerFile, p.Injections, p.Seed)
		}
	}
	for _, x := range a.Protect.Proof.Attempts {
		s := logs[x.ResultDigest]
		if s == nil {
			continue // of several networks, or not finished
		}
		more, err := v.attempt(a, x, s)
		if err != nil {
			return n, "", err
		}
		figures += more
	}
	return n, fmt.Sprintf("%d figures of attempts", figures), nil
}

// attempt computes violations and residual of a proof anew. Where pairs or pulses have a
// part in the residual, they are not in its records.
func (v *verification) attempt(a *result.Assess, x result.Attempt, s *campaign.Stored) (figures int, err error) {
	q := campaign.Question{}
	if v.asked != nil {
		q = *v.asked
	}
	c, err := s.Campaign(campaign.Question{Question: q.Question, BudgetDUE: q.BudgetDUE, Deadline: q.Deadline})
	if err != nil {
		return 0, err
	}
	watchdog, reload := !v.stored.Spec.NoWatchdog, v.stored.Spec.AssumeReload
	var list []stats.Exposure
	violations := 0
	for _, st := range c.Strata {
		e := stats.Exposure{
			Bits: st.Bits, SRAM: st.SRAM, Scale: st.RateScale, N: st.N, Exact: st.Exact,
			Any: st.Violating(stats.ViolationAny, watchdog, reload), Critical: st.Violating(stats.ViolationCritical, watchdog, reload),
		}
		list = append(list, e)
		if q.Violation == stats.ViolationCritical {
			violations += e.Critical
		} else {
			violations += e.Any
		}
	}
	if x.Violations != violations || x.Injections != len(s.Records) {
		return 0, fmt.Errorf("the attempt with seed %d says %d violations of %d injections, its records have %d of %d", x.Seed, x.Violations, x.Injections, violations, len(s.Records))
	}
	if a.Protect.Multiple != nil && a.Protect.Multiple.Share > 0 || a.Protect.Pulses != nil {
		return 2, nil
	}
	t, err := stats.ResidualFIT(list, stats.Rates{Flop: q.Scenario.Flop, SRAM: q.Scenario.SRAM, Duty: q.Duty}, q.Violation, false, x.Confidence)
	if err != nil {
		return 2, err
	}
	if math.Abs(t.Upper-x.FITUpper) > 1e-9*math.Abs(t.Upper) {
		return 2, fmt.Errorf("the attempt with seed %d has the upper limit %v FIT, its records give %v", x.Seed, x.FITUpper, t.Upper)
	}
	return 3, nil
}

// proofRecords injects records of the proof of the chosen design again, on the protected
// machine.
func (v *verification) proofRecords(ctx context.Context, x *experiment) error {
	text, err := v.storedFile(assessJSON)
	var a result.Assess
	if err != nil || text == nil || json.Unmarshal(text, &a) != nil || len(a.Protect.Proof.Attempts) == 0 || len(a.Protect.Choice) == 0 {
		return err
	}
	const name = "records of the last proof injected again, mechanisms running from cycle 0"
	logs, err := v.proofs()
	last := a.Protect.Proof.Attempts[len(a.Protect.Proof.Attempts)-1]
	s := logs[last.ResultDigest]
	if err != nil || s == nil {
		v.left("repeat proof", name, "the records of the proof are not there")
		return nil
	}
	var e *engine.Engine
	var standing func() (faults.Guard, error)
	e, standing, err = v.protected(ctx, x, &a, s)
	var u *errUndone
	if errors.As(err, &u) {
		v.left("repeat proof", name, u.reason)
		return nil
	}
	if err != nil {
		v.check("repeat proof", name, func() (int, string, error) { return 0, "", err })
		return ctx.Err()
	}
	v.repeat(ctx, "repeat proof", name, s, e, standing)
	return ctx.Err()
}

// cells are those of the assessment; the built-in ones where it has not stored them.
func (v *verification) cells() (cells mechanism.Cells, err error) {
	text, err := v.storedFile(cellsJSON)
	if err != nil {
		return cells, err
	}
	if text == nil {
		return mechanism.DefaultInputs().Cells()
	}
	if err := json.Unmarshal(text, &cells); err != nil {
		return cells, fmt.Errorf("%s: %w", cellsJSON, err)
	}
	return cells, nil
}

// protected is the machine of a proof with its mechanisms. The digest of the sites tells
// whether it is the one that was injected into.
func (v *verification) protected(ctx context.Context, x *experiment, a *result.Assess, s *campaign.Stored) (*engine.Engine, func() (faults.Guard, error), error) {
	choices, err := protect.Choices(a.Protect.Choice)
	if err != nil {
		return nil, nil, err
	}
	e := x.engine
	ecc := eccNames[s.Spec.ECC]
	switch {
	case x.inputs.held != nil:
		e, err = x.fresh(ctx, v.program, ecc)
	case ecc != e.Table().ECC:
		e, err = x.withECC(ctx, ecc)
	}
	if err != nil {
		return nil, nil, err
	}
	cells, err := v.cells()
	if err != nil {
		return nil, nil, err
	}
	d, err := mechanism.New(e.Table(), choices, cells, v.stored.Spec.Seed)
	if err != nil {
		return nil, nil, err
	}
	if v.asked != nil {
		if err := d.Delay(v.asked.Deadline.Reaction); err != nil {
			return nil, nil, err
		}
	}
	if err := protect.Equip(e, d); err != nil {
		return nil, nil, err
	}
	base, err := campaign.NewPlain(e.Table(), s.Spec)
	if err != nil {
		return nil, nil, err
	}
	if pop := protect.NewPopulation(base, d); pop.Digest() != s.Spec.Table {
		return nil, nil, undone("the protected machine cannot be made again from what is stored: its cells, inventory or inputs for the proof are others; upset assess repeats its proof")
	} else if err := s.IsOf(e, pop); err != nil {
		return nil, nil, err
	}
	return e, func() (faults.Guard, error) { return protect.Standing(e, d) }, nil
}
