package stats

import (
	"fmt"
	"strings"
)

// ASIL holds the targets of ISO 26262-5:2018 for one integrity level.
type ASIL struct {
	Name string
	// SPFM and LFM are least values, as fractions.
	SPFM float64
	LFM  float64
	// PMHF is the largest rate of safety-goal violations in FIT.
	PMHF float64
}

// asils are the targets of ISO 26262-5:2018, tables 4 (SPFM), 5 (LFM) and 6
// (PMHF). ASIL B values are recommendations there.
var asils = [...]ASIL{
	{Name: "asil-b", SPFM: 0.90, LFM: 0.60, PMHF: 100},
	{Name: "asil-c", SPFM: 0.97, LFM: 0.80, PMHF: 100},
	{Name: "asil-d", SPFM: 0.99, LFM: 0.90, PMHF: 10},
}

// ASILs are the integrity levels that have targets.
func ASILs() []ASIL { return append([]ASIL(nil), asils[:]...) }

// ASILByName finds the targets of "asil-b", "asil-c" or "asil-d".
func ASILByName(name string) (ASIL, error) {
	for _, a := range asils {
		if a.Name == strings.ToLower(name) {
			return a, nil
		}
	}
	return ASIL{}, fmt.Errorf("unknown target %q: choose asil-b, asil-c or asil-d", name)
}

// SPFM is the single-point fault metric of ISO 26262-5: the share of the raw
// rate that neither violates the safety goal directly (single-point) nor slips
// past a mechanism (residual).
func SPFM(singlePoint, residual, raw float64) float64 {
	if raw == 0 {
		return 1
	}
	return 1 - (singlePoint+residual)/raw
}

// LFM is the latent fault metric of ISO 26262-5: the share of the remaining
// rate that is not latent.
func LFM(latent, singlePoint, residual, raw float64) float64 {
	rest := raw - singlePoint - residual
	if rest <= 0 {
		return 0
	}
	return 1 - latent/rest
}

// PMHF is the first-order probabilistic metric for random hardware failures in
// FIT. DualPoint is Σ λ(intended function)·λ(safety mechanism, latent) in FIT²,
// lifetimeHours the operating life; the sum enters halved.
func PMHF(singlePoint, residual, dualPoint, lifetimeHours float64) float64 {
	const perHour = 1e-9 // 1 FIT in 1/h
	return singlePoint + residual + 0.5*dualPoint*perHour*lifetimeHours
}
