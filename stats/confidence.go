package stats

// MostConfidence is the greatest confidence that [LargestConfidence] tries (our
// choice: what is shown at more is shown beyond doubt).
const MostConfidence = 1 - 1e-9

// LargestConfidence is the greatest confidence at which holds is true, for a
// statement that gets harder with confidence: "with 87 % confidence the
// residual is within budget". Searched by bisection from ½ to [MostConfidence],
// which itself comes back where it holds; 0 says that it does not even hold at
// ½, so nothing is shown.
//
// Choosing the confidence from the data makes it a description of the evidence,
// not a test at a level fixed before.
func LargestConfidence(holds func(confidence float64) (bool, error)) (float64, error) {
	ok, err := holds(0.5)
	if err != nil || !ok {
		return 0, err
	}
	if ok, err = holds(MostConfidence); err != nil {
		return 0, err
	}
	if ok {
		return MostConfidence, nil
	}
	low, high := 0.5, MostConfidence
	for range 60 {
		middle := low + (high-low)/2
		if ok, err = holds(middle); err != nil {
			return 0, err
		}
		if ok {
			low = middle
		} else {
			high = middle
		}
	}
	return low, nil
}
