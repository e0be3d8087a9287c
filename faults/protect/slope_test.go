package protect

import (
	"math/rand/v2"
	"testing"
)

// The room under a lower limit is at most that under the whole one less its slope.
func TestSlopeIsABound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, confidence := range []float64{0.8, 0.9, 0.95, 0.975, 0.99, 0.9999} {
		rho := leastSlope(confidence)
		if !(rho > 0.2 && rho < 1) {
			t.Errorf("confidence %v: slope %v", confidence, rho)
		}
		for range 200 {
			largest, reach := 0.2*r.Float64()*r.Float64(), 0.3+0.7*r.Float64()
			lower := reach * r.Float64()
			whole, part := room(largest, confidence, reach), room(largest, confidence, lower)
			if whole < 0 || part < 0 {
				continue // nothing fits at all
			}
			if part > whole-rho*(reach-lower)+1e-6 {
				t.Fatalf("confidence %v, weight %v: room %v under %v, %v under %v, slope %v", confidence, largest, whole, reach, part, lower, rho)
			}
		}
	}
}
