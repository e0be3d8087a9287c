// Command example is a campaign in three functions: a classifier of clothes, of which only
// a change between kinds of clothes is critical. Run it from the root of the repository;
// -h says how it runs in shards.
package main

import (
	"os"

	"upset/faults/campaign"
	"upset/faults/experiment"
	"upset/npu/isa"
)

// The ten classes of Fashion-MNIST by kind.
var kinds = []string{"top", "trousers", "top", "dress", "top", "shoe", "top", "shoe", "bag", "shoe"}

func main() {
	os.Exit(experiment.Experiment[string]{
		Rule:     "kind of clothes",
		Network:  experiment.Files("testdata/models/fashion-tiny.tflite", "testdata/models/fashion-tiny.inputs", isa.U55x128),
		Observe:  kind,
		Critical: func(want, got string) bool { return want != got },
		Spec:     campaign.Spec{Model: "fashion-tiny", Seed: 1, Injections: 4000},
		Workers:  2,
	}.Main(os.Args, os.Stdout, os.Stderr))
}

// kind is that of the class with the largest of ten int8 scores.
func kind(output []byte) string {
	best := 0
	for i := range output {
		if int8(output[i]) > int8(output[best]) {
			best = i
		}
	}
	return kinds[best]
}
