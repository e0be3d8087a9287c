package area

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Passes of yosys behind reading and choosing the module. All are the defaults of yosys:
// no clock is asked for, and none but these passes run.
const (
	synthesise = "synth"     // into yosys' own gates; -flatten but for blocks
	flops      = "dfflibmap" // flops into those of the library
	gates      = "abc"       // gates into those of the library
	tidy       = "opt_clean" // what nothing reads goes
	depth      = "ltp -noff" // longest path between flops
	flow       = "chparam -set …; hierarchy -top MODULE"
)

// Source is a library and where its Liberty file lies.
type Source struct {
	Library
	Path string
}

// measurer runs yosys on subjects.
type measurer struct {
	root      string // of the Verilog files: netlist/rtl
	libraries []Source
	cells     []map[string]cell
}

// Measure synthesises the subjects and returns the figures. Verilog files are read below
// root, which is netlist/rtl. What an earlier file has of the same sources, libraries and
// passes is taken over; it may be nil. After everything that took time, what there is so far
// goes to save.
func Measure(ctx context.Context, root string, libraries []Source, subjects []Subject, earlier *File, save func(*File) error) (*File, error) {
	m := measurer{root: root, libraries: slices.Clone(libraries)}
	f, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	same := earlier != nil && earlier.Yosys == f.Yosys && slices.Equal(earlier.Flow, f.Flow) && slices.Equal(earlier.Libraries, f.Libraries)
	for _, s := range subjects {
		known := same // and, below, measured at all
		for _, name := range s.Files {
			data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil {
				return nil, err
			}
			f.Sources[name] = digest(data)
			known = known && earlier.Sources[name] == f.Sources[name]
		}
		var r Result
		var err error
		if known {
			r, err = earlier.Find(s)
			known = err == nil
		}
		if !known {
			if r, err = m.one(ctx, s); err != nil {
				return nil, fmt.Errorf("%s: %w", s.Key(), err)
			}
		}
		f.Results = append(f.Results, r)
		if !known {
			if err := save(f); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

// begin reads the libraries and asks yosys for its version.
func (m *measurer) begin(ctx context.Context) (*File, error) {
	f := &File{Sources: map[string]string{}, Flow: []string{
		flow, synthesise + ", with -flatten but for blocks", depth, flops + " -liberty LIBRARY", gates + " -liberty LIBRARY", tidy,
	}}
	version, err := exec.CommandContext(ctx, "yosys", "-V").Output()
	if err != nil {
		return nil, fmt.Errorf("yosys: %w", err)
	}
	f.Yosys = strings.TrimSpace(string(version))
	for i := range m.libraries {
		l := &m.libraries[i]
		data, err := os.ReadFile(l.Path)
		if err != nil {
			return nil, err
		}
		cells, err := liberty(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Path, err)
		}
		l.File, l.SHA256, l.Unit = filepath.Base(l.Path), digest(data), cells[l.NAND].area
		if l.Unit <= 0 {
			return nil, fmt.Errorf("%s: no cell %s", l.Path, l.NAND)
		}
		m.cells = append(m.cells, cells)
		f.Libraries = append(f.Libraries, l.Library)
	}
	return f, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// marks between the reports in yosys' output.
const mark = "@@@"

// script is what yosys does for a subject; reports go to a file.
func (m *measurer) script(s Subject, report string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	tee := "tee -q -a " + report + " "
	line("read_verilog %s", strings.Join(m.paths(s), " "))
	for _, p := range s.Params {
		line("chparam -set %s %d %s", p.Name, p.Value, s.Module)
	}
	line("hierarchy -top %s", s.Module)
	flat := " -flatten"
	if s.Whole {
		flat = ""
	}
	line("%s%s", synthesise, flat)
	line("design -save generic")
	line("%slog %s gates", tee, mark)
	line("%sstat", tee)
	line("flatten")
	line("opt_clean")
	line("%slog %s levels", tee, mark)
	line("%s%s", tee, depth)
	for i, l := range m.libraries {
		line("design -load generic")
		line("%s -liberty %s", flops, l.Path)
		line("%s -liberty %s", gates, l.Path)
		line("%s", tidy)
		line("%slog %s library %d", tee, mark, i)
		line("%sstat", tee)
	}
	return b.String()
}

func (m *measurer) paths(s Subject) (list []string) {
	for _, f := range s.Files {
		list = append(list, filepath.Join(m.root, filepath.FromSlash(f)))
	}
	return list
}

// one synthesises a subject.
func (m *measurer) one(ctx context.Context, s Subject) (Result, error) {
	r := Result{Key: s.Key()}
	dir, err := os.MkdirTemp("", "upset-area")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	report := filepath.Join(dir, "report")
	script := filepath.Join(dir, "script.ys")
	if err := os.WriteFile(script, []byte(m.script(s, report)), 0o644); err != nil {
		return r, err
	}
	if out, err := exec.CommandContext(ctx, "yosys", "-q", "-s", script).CombinedOutput(); err != nil {
		lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
		return r, fmt.Errorf("yosys: %w: %s", err, lines[len(lines)-1])
	}
	data, err := os.ReadFile(report)
	if err != nil {
		return r, err
	}
	sections := strings.Split(string(data), mark)
	if len(sections) != 3+len(m.libraries) {
		return r, errors.New("yosys gave fewer reports than it was asked for")
	}
	generic, err := statistics(sections[1])
	if err != nil {
		return r, err
	}
	if r.Gates.Levels, err = levels(sections[2]); err != nil {
		return r, err
	}
	top, err := generic.top(s.Module)
	if err != nil {
		return r, err
	}
	uses, err := generic.instances(top)
	if err != nil {
		return r, err
	}
	names := order(top, uses)
	parts := map[string]*Part{}
	for _, name := range names {
		base := baseName(name)
		if parts[base] == nil {
			parts[base] = &Part{Module: base, Areas: make([]Area, len(m.libraries))}
			r.Parts = append(r.Parts, Part{Module: base})
		}
		p := parts[base]
		p.Instances += uses[name]
		for c, n := range generic[name] {
			if generic[c] != nil {
				continue
			}
			n *= uses[name]
			r.Gates.Cells += n
			if flop, enabled := genericFlop(c); flop {
				p.Flops += n
				if enabled {
					p.Enabled += n
				}
			}
		}
	}
	for i := range m.libraries {
		mapped, err := statistics(sections[3+i])
		if err != nil {
			return r, err
		}
		uses, err := mapped.instances(top) // under the name that it had
		if err != nil {
			return r, err
		}
		for name, k := range uses {
			p := parts[baseName(name)]
			if p == nil {
				return r, fmt.Errorf("module %s is in a library only", name)
			}
			if err := m.add(&p.Areas[i], i, mapped, mapped[name], k); err != nil {
				return r, err
			}
		}
	}
	r.Areas = make([]Area, len(m.libraries))
	for k := range r.Parts {
		p := parts[r.Parts[k].Module]
		for i := range p.Areas {
			a := &p.Areas[i]
			a.FlopGE, a.CombGE = round(a.FlopGE), round(a.CombGE)
			r.Areas[i].Cells += a.Cells
			r.Areas[i].FlopGE = round(r.Areas[i].FlopGE + a.FlopGE)
			r.Areas[i].CombGE = round(r.Areas[i].CombGE + a.CombGE)
		}
		r.Gates.Flops += p.Flops
		r.Gates.Enabled += p.Enabled
		r.Parts[k] = *p
	}
	if !s.Whole {
		r.Parts = nil
	}
	return r, nil
}

// round keeps two places, so that the file does not change with the order of sums.
func round(x float64) float64 { return math.Round(100*x) / 100 }

// add adds the cells of k instances of a module.
func (m *measurer) add(a *Area, library int, all modules, module map[string]int, k int) error {
	for _, c := range sortedKeys(module) {
		if all[c] != nil {
			continue
		}
		x, ok := m.cells[library][c]
		if !ok {
			return fmt.Errorf("cell %s is not in %s: something was left unmapped", c, m.libraries[library].Name)
		}
		n := k * module[c]
		ge := float64(n) * x.area / m.libraries[library].Unit
		a.Cells += n
		if x.flop {
			a.FlopGE += ge
		} else {
			a.CombGE += ge
		}
	}
	return nil
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
