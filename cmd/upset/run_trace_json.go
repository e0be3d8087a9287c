package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"upset/models/network"
	"upset/stats/report"
)

// The trace has the form that Chrome and Perfetto read ("Trace Event Format"):
// complete events ("X") on one thread per track, counters ("C") and names ("M").
// A microsecond of the trace stands for a cycle.

// traceEvent is one event of the file.
type traceEvent struct {
	Name     string         `json:"name"`
	Category string         `json:"cat,omitempty"`
	Phase    string         `json:"ph"`
	Time     uint64         `json:"ts"`
	Duration uint64         `json:"dur,omitempty"`
	Process  int            `json:"pid"`
	Thread   int            `json:"tid"`
	Args     map[string]any `json:"args,omitempty"`
}

// runDrawn runs the network and writes the trace for Chrome and Perfetto.
func (p *program) runDrawn(run *inference, trace string, n *network.Network, input []byte) (out []byte, err error) {
	run.chrome = new(tracer)
	err = report.WriteFileAtomic(trace, func(w io.Writer) error {
		if out, err = run.run(n, input); err != nil {
			return err
		}
		return run.chrome.write(w, n.Config.String())
	})
	if err == nil {
		for _, note := range run.chrome.notes() {
			p.note("%s", note)
		}
	}
	return out, err
}

// place is the number of an operation of the NPU in the list of the run, in which
// operators of the host stand, too.
func (t *tracer) place(op int) int {
	if op < len(t.places) {
		return t.places[op]
	}
	return op
}

// notes says what the trace leaves out.
func (t *tracer) notes() []string {
	var list []string
	if t.cutDetail > 0 {
		list = append(list, fmt.Sprintf("the trace holds %d states of blocks and none that begin after cycle %d; operations go on", maxDetail, t.cutDetail))
	}
	if t.cutCoarse > 0 {
		list = append(list, fmt.Sprintf("the trace holds %d operations by block and none that begin after cycle %d", maxCoarse, t.cutCoarse))
	}
	return list
}

// write writes the trace.
func (t *tracer) write(w io.Writer, config string) error {
	other, err := json.Marshal(map[string]any{
		"npu": config, "cycles": t.base, "unit": "a microsecond stands for a cycle of the NPU", "notes": append([]string{}, t.notes()...),
	})
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "{\"displayTimeUnit\":\"ms\",\"otherData\":%s,\"traceEvents\":[\n", other)
	e := eventWriter{w: b}
	e.put(&traceEvent{Name: "process_name", Phase: "M", Args: map[string]any{"name": "Ethos " + config}})
	for k, name := range trackNames {
		e.put(&traceEvent{Name: "thread_name", Phase: "M", Thread: k + 1, Args: map[string]any{"name": name}})
		e.put(&traceEvent{Name: "thread_sort_index", Phase: "M", Thread: k + 1, Args: map[string]any{"sort_index": k + 1}})
	}
	for _, s := range t.sorted() {
		event := traceEvent{Name: s.name, Category: categories[s.depth], Phase: "X", Time: s.start, Duration: s.end - s.start, Thread: int(s.track) + 1}
		if s.op != nobody {
			event.Args = map[string]any{"operation": t.place(s.op)}
		}
		e.put(&event)
	}
	t.beats.write(&e, t.base)
	for _, note := range t.notes() {
		e.put(&traceEvent{Name: note, Phase: "i", Time: t.base, Thread: int(trackCC) + 1, Args: map[string]any{"note": note}})
	}
	fmt.Fprint(b, "\n]}\n")
	if e.err != nil {
		return fmt.Errorf("trace: %w", e.err)
	}
	return b.Flush()
}

// categories are those of operations and of states within them.
var categories = [2]string{"operation", "state"}

// write puts one counter event per series and window: beats per cycle.
func (b *beats) write(e *eventWriter, total uint64) {
	samples := b.samples
	if n := uint64(len(samples)) * b.window; n < total {
		samples = append(samples[:len(samples):len(samples)], b.sum)
	}
	for i, s := range samples {
		start := uint64(i) * b.window
		length := min(b.window, total-start)
		for k, name := range beatNames {
			rate, _ := strconv.ParseFloat(strconv.FormatFloat(float64(s[k])/float64(length), 'f', 3, 64), 64)
			e.put(&traceEvent{Name: name, Phase: "C", Time: start, Args: map[string]any{"beats per cycle": rate}})
		}
	}
	for _, name := range beatNames {
		e.put(&traceEvent{Name: name, Phase: "C", Time: total, Args: map[string]any{"beats per cycle": 0}})
	}
}

// eventWriter writes events as the elements of a list.
type eventWriter struct {
	w    *bufio.Writer
	some bool
	err  error
}

// put writes an event of the only process.
func (e *eventWriter) put(event *traceEvent) {
	if e.err != nil {
		return
	}
	event.Process = 1
	line, err := json.Marshal(event)
	if err != nil {
		e.err = err
		return
	}
	if e.some {
		// The buffered writer remembers its errors until Flush.
		_, _ = e.w.WriteString(",\n")
	}
	e.some = true
	_, _ = e.w.Write(line)
}
