package endurance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"upset/stats/report"
)

// Summary is what was found, as it is stored.
type Summary struct {
	Torture *Torture `json:"torture,omitempty"`
	Fuzzing *Fuzzing `json:"fuzzing,omitempty"`
	Growth  *Growth  `json:"growth,omitempty"`
}

// Torture is one run of the harness.
type Torture struct {
	// Program is what upset --version says.
	Program  string `json:"program"`
	Revision string `json:"revision"`
	Machine  string `json:"machine"`
	Seed     uint64 `json:"seed"`
	// Scenarios are in the order in which they ran. Seconds are of all of them.
	Scenarios []Scenario `json:"scenarios"`
	Seconds   float64    `json:"seconds"`
}

// Scenario is what one kind of treatment did.
type Scenario struct {
	Name   string `json:"name"`
	Trials int    `json:"trials"`
	// Processes were started, or operations begun where the trial is within one process.
	// Kills and Failures (of the disk) are what was done to them, Jumps the number of times
	// that all times of a folder were set to random ones.
	Processes int `json:"processes"`
	Kills     int `json:"kills,omitempty"`
	Failures  int `json:"failures,omitempty"`
	Jumps     int `json:"jumps,omitempty"`
	// Lost and Doubled are injections, Wrong are trials that came to another result or to
	// none, Panics processes that panicked.
	Lost    int `json:"lost"`
	Doubled int `json:"doubled"`
	Wrong   int `json:"wrong"`
	Panics  int `json:"panics"`
	// Litter are files with temporary names that are left when a trial is over.
	Litter int `json:"litter"`
	// Skipped says why nothing was done. Notes are about what went wrong, at most some.
	Skipped string   `json:"skipped,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

// mostNotes bounds the notes of a scenario (our choice: the first ones tell the most).
const mostNotes = 10

// note keeps a note.
func (s *Scenario) note(format string, values ...any) {
	if len(s.Notes) < mostNotes {
		s.Notes = append(s.Notes, fmt.Sprintf(format, values...))
	}
}

// sound reports that nothing went wrong.
func (s *Scenario) sound() bool { return s.Lost+s.Doubled+s.Wrong+s.Panics == 0 }

// Total adds up the scenarios.
func (t *Torture) Total() Scenario {
	all := Scenario{Name: "all"}
	for _, s := range t.Scenarios {
		all.Trials += s.Trials
		all.Processes += s.Processes
		all.Kills += s.Kills
		all.Failures += s.Failures
		all.Jumps += s.Jumps
		all.Lost += s.Lost
		all.Doubled += s.Doubled
		all.Wrong += s.Wrong
		all.Panics += s.Panics
		all.Litter += s.Litter
	}
	return all
}

// Sound is an error that names what went wrong.
func (t *Torture) Sound() error {
	for i := range t.Scenarios {
		if s := &t.Scenarios[i]; !s.sound() {
			return fmt.Errorf("%s: %d lost, %d doubled, %d wrong, %d panics: %q", s.Name, s.Lost, s.Doubled, s.Wrong, s.Panics, s.Notes)
		}
	}
	return nil
}

// Read reads a stored summary.
func Read(name string) (s Summary, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return s, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return s, nil
}

// Store writes a summary.
func (s Summary) Store(name string) error {
	data, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	return report.WriteFileAtomic(name, func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
}
