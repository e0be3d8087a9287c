package main

import (
	"fmt"

	"upset/models/inputs"
	"upset/models/network"
	"upset/stats/result"
)

// checkLabels refuses labels that the network cannot give, before anything runs.
func (s *inputSet) checkLabels(list []network.Binding) error {
	if s.labels == nil {
		return nil
	}
	zero := 0
	for i := range list {
		zero += list[i].Size
	}
	_, classes := inputs.Class(list, make([]byte, zero))
	if classes == 0 {
		return usage("%s: the inputs have labels, but no output of the network is a list of classes: take the file of labels away", s.folder)
	}
	for i, label := range s.labels {
		if label >= classes {
			return usage("%s: %s has the label %d, the network knows the classes 0 to %d", s.folder, s.names[i], label, classes-1)
		}
	}
	return nil
}

// noteAccuracy counts the labelled inputs that the fault-free network classes rightly,
// and keeps the counts in the note of a campaign.
func (x *experiment) noteAccuracy(note map[string]string) {
	right, all := 0, 0
	for i, label := range x.inputs.labels {
		if label == inputs.NoLabel {
			continue
		}
		all++
		if class, _ := inputs.Class(x.engine.Program().Outputs, x.engine.Golden(i).Output); class == label {
			right++
		}
	}
	if all > 0 {
		note[noteAccuracy] = fmt.Sprintf("%d %d", right, all)
	}
}

// notedAccuracy reads the counts again; nil where inputs had no labels.
func notedAccuracy(note map[string]string) *result.Accuracy {
	a := new(result.Accuracy)
	if n, err := fmt.Sscanf(note[noteAccuracy], "%d %d", &a.Right, &a.Labelled); n != 2 || err != nil || a.Labelled < 1 {
		return nil
	}
	a.Share = float64(a.Right) / float64(a.Labelled)
	return a
}
