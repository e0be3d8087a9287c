package stats_test

import (
	"fmt"

	"upset/stats"
)

func ExampleInterval() {
	for _, failures := range []int{0, 3, 50} {
		low, high, method, err := stats.Interval(failures, 1000, 0.95)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d of 1000: %.5f to %.5f (%s)\n", failures, low, high, method)
	}
	// Output:
	// 0 of 1000: 0.00000 to 0.00368 (clopper-pearson)
	// 3 of 1000: 0.00062 to 0.00874 (clopper-pearson)
	// 50 of 1000: 0.03813 to 0.06531 (wilson)
}

func ExampleCombine() {
	// Two blocks: raw rates of 40 and 2 FIT; nothing seen in the second.
	total, err := stats.Combine([]stats.Stratum{
		{Weight: 40, N: 4000, Failures: 12},
		{Weight: 2, N: 500},
	}, 0.95)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f FIT, between %.3f and %.3f\n", total.Estimate, total.Lower, total.Upper)
	// Output: 0.120 FIT, between 0.069 and 0.194
}

func ExampleRounds() {
	plan := stats.Rounds{Weights: []float64{0.7, 0.3}, Floor: 2}
	first, _ := plan.Next(nil, nil, 100)
	next, _ := plan.Next(first, []int{1, 12}, 400)
	fmt.Println(first, next)
	// Output: [70 30] [143 157]
}

func ExampleMcNemar() {
	// The same 1,000 faults with and without a mechanism: 5 violate only with
	// it, 25 only without.
	p, _ := stats.McNemar(5, 25)
	low, high, _ := stats.PairedDifference(5, 25, 1000, 0.95)
	fmt.Printf("P = %.5f, difference %.4f to %.4f\n", p, low, high)
	// Output: P = 0.00032, difference -0.0322 to -0.0100
}

func ExampleSplit() {
	parts := []stats.PartRates{{
		Name: "mac", Raw: 10,
		Safe:     stats.Limits{Estimate: 8, Lower: 7.8, Upper: 8.2},
		Missed:   stats.Limits{Estimate: 0.05, Lower: 0.02, Upper: 0.08},
		Detected: stats.Limits{Estimate: 1.95, Lower: 1.8, Upper: 2.1},
	}}
	classes, _ := stats.Split(parts, nil)
	fmt.Printf("SPFM %.3f, at least %.3f; latent metric assessed: %v\n", classes.SPFM.Estimate, classes.SPFM.Lower, classes.Assessed)
	// Output: SPFM 0.995, at least 0.992; latent metric assessed: false
}
