package nets

import "math"

// CrossEntropy is the loss of a classifier whose outputs are logits.
func CrossEntropy(labels []int) Loss { return crossEntropy(labels, 0, math.Exp) }

// Smoothed is CrossEntropy with label smoothing: every wrong class gets
// smoothing/classes of the target. Its gradient is the same on every processor.
func Smoothed(labels []int, smoothing float64) Loss {
	return crossEntropy(labels, smoothing, exponential)
}

func crossEntropy(labels []int, smoothing float64, exp func(float64) float64) Loss {
	return func(i int, output, grad []float64) float64 {
		softmax(output, grad, exp)
		loss := 0.0
		for c, p := range grad {
			target := smoothing / float64(len(output))
			if labels[i] == c {
				target += 1 - smoothing
			}
			if target > 0 {
				loss -= float64(target * math.Log(max(p, 1e-300)))
			}
			grad[c] = p - target
		}
		return loss
	}
}

// SquaredError is half the squared distance to a target for every sample.
func SquaredError(targets [][]float64) Loss {
	return func(i int, output, grad []float64) float64 {
		loss := 0.0
		for j, v := range output {
			grad[j] = v - targets[i][j]
			loss += float64(grad[j]*grad[j]) / 2
		}
		return loss
	}
}

// Softmax writes the probabilities that belong to logits.
func Softmax(logits, p []float64) { softmax(logits, p, math.Exp) }

func softmax(logits, p []float64, exp func(float64) float64) {
	top := logits[0]
	for _, v := range logits {
		top = max(top, v)
	}
	sum := 0.0
	for j, v := range logits {
		p[j] = exp(v - top)
		sum += p[j]
	}
	for j := range p {
		p[j] /= sum
	}
}
