// Package audit asks of a selection task how hard the function is that its network
// computes: how many bits somebody must know beforehand who learns it from rows of the
// pool alone, and how many dimensions these rows have.
//
// The first follows "Towards Exact Computation of Inductive Bias" (Boopathy et al., 2024):
// hypotheses are drawn from a space that knows nothing but the training rows (functions of a
// Gaussian process whose kernel the rows choose), and the inductive bias of a task is
// −log2 of the share of them whose error on other rows is
// small enough. That share is too small to be counted, so a scaled non-central χ²
// distribution is fitted to the errors and its tail is taken. The same without training
// rows is what there is to know at all; the difference is what the rows say, which is the
// measure of "Model-agnostic Measure of Generalization Difficulty" (Boopathy et al., 2023)
// for this space. The second is the estimate from two nearest neighbours of Facco et al.
// (Scientific Reports 7, 2017).
//
// These are figures to compare tasks by. A tail that is extrapolated is no evidence of
// safety, and none of it enters a verdict.
package audit
