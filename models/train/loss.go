package train

import "math"

// CrossEntropy returns the mean cross-entropy of the softmax of the logits and
// its gradient with respect to them, with label smoothing: every wrong class
// gets smoothing/classes of the target.
func CrossEntropy(logits *Tensor, labels []uint8, smoothing float64, grad *Tensor) float64 {
	classes, n := logits.C, logits.N
	p := make([]float64, classes)
	var loss float64
	for i := 0; i < n; i++ {
		top := math.Inf(-1)
		for c := range p {
			top = max(top, float64(logits.Data[c*n+i]))
		}
		var sum float64
		for c := range p {
			p[c] = exponential(float64(logits.Data[c*n+i]) - top)
			sum += p[c]
		}
		for c := range p {
			target := smoothing / float64(classes)
			if int(labels[i]) == c {
				target += 1 - smoothing
			}
			if target > 0 {
				loss -= float64(target * math.Log(max(p[c]/sum, 1e-30)))
			}
			grad.Data[c*n+i] = float32((p[c]/sum - target) / float64(n))
		}
	}
	return loss / float64(n)
}

// Argmax returns the class with the largest logit for sample i; ties go to the
// lowest index.
func Argmax(logits *Tensor, i int) int {
	best := 0
	for c := 1; c < logits.C; c++ {
		if logits.Data[c*logits.N+i] > logits.Data[best*logits.N+i] {
			best = c
		}
	}
	return best
}
