package story

import (
	"fmt"
	"strings"
	"upset/faults"
	"upset/models/network"
)

// Where says in which part of a program something happens that runs in several jobs.
type Where struct {
	Frame  int    // inference of the sequence, from 0
	Stage  int    // step of the network, from 0: what is compiled together, or an operator
	Run    int    // of a command stream, from 1; of what the host does, the one in front of it
	Runs   int    // of the program
	Name   string // of the stage
	Host   bool   // it is the host's doing
	What   string // operator or action of the host
	Output bool   // it is in the output of the frame
}

// String says it in a few words.
func (p *Where) String() string {
	run := fmt.Sprintf("run %d of %d", p.Run, p.Runs)
	switch {
	case p.Output && p.Host:
		return fmt.Sprintf("in the output of frame %d, which the host computes behind %s: %s", p.Frame, run, p.What)
	case p.Output:
		return fmt.Sprintf("in the output of frame %d, which the NPU has written by the end of %s", p.Frame, run)
	case p.Host:
		return fmt.Sprintf("frame %d, the host behind %s: %s", p.Frame, run, p.What)
	}
	return fmt.Sprintf("frame %d, %s on the NPU: %s", p.Frame, run, p.Name)
}

// whereOf is the place of a job, nil where the program has only one stream and no host
// around it.
func whereOf(p *network.Program, job int) *Where {
	jobs := p.Jobs
	if job < 0 || job >= len(jobs) {
		return nil
	}
	j := &jobs[job]
	name := strings.TrimPrefix(j.Name, fmt.Sprintf("frame %d, ", j.Frame))
	return &Where{Frame: j.Frame, Stage: j.Stage, Run: job + 1, Runs: len(jobs), Name: name}
}

// effect is where the outcome of a record shows, nil where it does not or where all is
// one stream. Job is the one that the run ended in, or in which it wrote outside the
// arena; compared is the number of jobs in front of the comparison that failed; output is
// the first wrong byte.
func effect(program *network.Program, r *faults.Record, job, compared, output int) *Where {
	switch r.Outcome {
	case faults.DUEDetected, faults.DUEHang, faults.StrayWrite:
		return whereOf(program, job)
	case faults.Detected:
		p := whereOf(program, compared-1)
		if p != nil {
			p.Host, p.What = true, "it compares two outputs"
		}
		return p
	case faults.SDCTolerable, faults.SDCCritical:
		return wrongOutput(program, output)
	}
	return nil
}

// wrongOutput is where the output is computed that holds a byte of all of them.
func wrongOutput(p *network.Program, at int) *Where {
	if len(p.Jobs) == 0 || at < 0 {
		return nil
	}
	k := 0
	for k < len(p.Outputs)-1 && at >= p.Outputs[k].Size {
		at -= p.Outputs[k].Size
		k++
	}
	frame := k * max(1, p.Frames) / len(p.Outputs)
	last := 0
	for i := range p.Jobs {
		if p.Jobs[i].Frame == frame {
			last = i
		}
	}
	w := whereOf(p, last)
	w.Output, w.What = true, p.ComputedBy(k)
	w.Host = w.What != ""
	return w
}
