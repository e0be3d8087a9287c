package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/network"
	"upset/npu"
)

// formatVersion is that of the log and of everything a digest depends on.
const formatVersion = 3

// Names of the selections of storage, of samplings and of RAM codes.
const (
	SitesAll   = "all"
	SitesFlops = "flops"
	SitesSRAM  = "sram"

	SamplingStratified = "stratified"
	SamplingUniform    = "uniform"
	SamplingAdaptive   = "adaptive"

	eccNone   = "none"
	eccParity = "parity"
	eccSECDED = "secded"

	classObserver = "observer"
)

// Defaults of a spec (our choice; 95 % is the usual confidence of the field).
const (
	DefaultInjections = 10_000
	defaultConfidence = 0.95
)

// BitRange selects bit positions within an element, both ends included.
type BitRange struct {
	Low  int `json:"low"`
	High int `json:"high"`
}

// Spec is everything that defines a campaign. Two campaigns with the same spec
// have the same records. The zero value of a field means its default.
type Spec struct {
	Format int    `json:"format"`
	NPU    string `json:"npu"`
	Model  string `json:"model"`
	// Program, Inputs and Table are digests of the command stream with its data,
	// of the inputs, and of the population of sites.
	Program    string `json:"program"`
	Inputs     string `json:"inputs"`
	InputCount int    `json:"input_count"`
	// RandomInputs says that no inputs were given and seeded ones are used.
	RandomInputs bool `json:"random_inputs,omitempty"`
	// Frames is the number of inferences of a sequence, 0 where each stands alone.
	Frames int    `json:"frames,omitempty"`
	Table  string `json:"table"`
	// System is the system around the NPU in JSON, Inventory names the inventory of
	// flops, empty for the built-in one.
	System    string `json:"system"`
	Inventory string `json:"inventory,omitempty"`
	Seed      uint64 `json:"seed"`
	// Injections is the number of injections; with Margin (the absolute
	// half-width of the critical AVF) or Relative (the same, relative) it is
	// the most that may be spent, and 0 lets the tool choose the cap.
	Injections int     `json:"injections,omitempty"`
	Margin     float64 `json:"margin,omitempty"`
	Relative   float64 `json:"relative,omitempty"`
	Confidence float64 `json:"confidence"`
	Sites      string  `json:"sites"`
	Sampling   string  `json:"sampling"`
	// Filters. Only holds patterns over register names, Classes class names,
	// Layers layer numbers.
	Only    []string  `json:"only,omitempty"`
	Classes []string  `json:"classes,omitempty"`
	Layers  []int     `json:"layers,omitempty"`
	Bits    *BitRange `json:"bits,omitempty"`

	Criterion    string `json:"criterion"`
	ECC          string `json:"ecc"`
	NoWatchdog   bool   `json:"no_watchdog,omitempty"`
	AssumeReload bool   `json:"assume_reload,omitempty"`
	// Fault is the fault model, see [faults.ParseModel]; empty is a single upset.
	Fault string `json:"fault,omitempty"`
}

// For completes a spec with everything that an engine fixes, see [Spec.Of].
func (s Spec) For(e *engine.Engine) Spec {
	inputs := make([][]byte, e.Inputs())
	for i := range inputs {
		inputs[i] = e.Golden(i).Input
	}
	return s.Of(e.Program(), inputs, e.Options())
}

// Of completes a spec with the machine, the program, the inputs and the experiment,
// before any of it has run.
func (s Spec) Of(p *network.Program, inputs [][]byte, o faults.Options) Spec {
	if o.System == (npu.System{}) {
		o.System = npu.DefaultSystem()
	}
	s.NPU = p.Config.String()
	if s.Model == "" {
		s.Model = PlainText(p.Name)
	}
	s.Program, s.Frames = Digest(p), p.Frames
	s.Inputs, s.InputCount = Digest(inputs), len(inputs)
	system, _ := json.Marshal(o.System) // plain numbers always marshal
	s.System = string(system)
	s.Criterion = o.Criterion.String()
	s.ECC = eccName(o.ECC)
	s.NoWatchdog, s.AssumeReload = o.NoWatchdog, o.AssumeReload
	s.Fault = o.Model.String()
	return s.normal()
}

// eccName is the command line's name of a RAM code.
func eccName(e npu.ECC) string {
	switch e {
	case npu.ECCParity:
		return eccParity
	case npu.ECCSECDED:
		return eccSECDED
	}
	return eccNone
}

// normal fills in defaults and sorts what has no order, so that equal campaigns
// have equal digests.
func (s Spec) normal() Spec {
	s.Format = formatVersion
	if s.Confidence == 0 {
		s.Confidence = defaultConfidence
	}
	if s.Sites == "" {
		s.Sites = SitesAll
	}
	if s.Sampling == "" {
		s.Sampling = SamplingStratified
	}
	if s.Criterion == "" {
		s.Criterion = "auto"
	}
	if s.ECC == "" {
		s.ECC = eccNone
	}
	if s.Injections == 0 && s.Margin == 0 && s.Relative == 0 {
		s.Injections = DefaultInjections
	}
	if s.Fault == faults.SEU.String() {
		s.Fault = "" // the same digest as before there were others
	}
	s.Only = slices.Compact(slices.Sorted(slices.Values(s.Only)))
	s.Classes = slices.Compact(slices.Sorted(slices.Values(s.Classes)))
	s.Layers = slices.Compact(slices.Sorted(slices.Values(s.Layers)))
	return s
}

// maxInjections bounds a campaign (our choice: its log fills 1 GB).
const maxInjections = 20_000_000

// maxSeed is the largest seed: readers of JSON keep whole numbers up to 2^53 - 1
// (RFC 8259 §6).
const maxSeed = 1<<53 - 1

// Check reports a spec that cannot be run.
func (s Spec) Check() error {
	switch {
	case s.Format != 0 && s.Format != formatVersion:
		return fmt.Errorf("spec of format %d: this version reads format %d; use the version that wrote it", s.Format, formatVersion)
	case s.Seed > maxSeed:
		return fmt.Errorf("seed %d: give a number from 0 to %d", s.Seed, uint64(maxSeed))
	case s.Injections < 0 || s.Injections > maxInjections:
		return fmt.Errorf("%d injections: give a number from 1 to %d", s.Injections, maxInjections)
	case s.Margin != 0 && s.Relative != 0:
		return fmt.Errorf("margin %v and relative %v: give one of them", s.Margin, s.Relative)
	case !(s.Margin >= 0 && s.Margin < 1):
		return fmt.Errorf("margin %v: must lie between 0 and 1", s.Margin)
	case !(s.Relative >= 0 && s.Relative < 1):
		return fmt.Errorf("relative half-width %v: must lie between 0 and 1", s.Relative)
	case s.Confidence != 0 && !(s.Confidence > 0 && s.Confidence < 1):
		return fmt.Errorf("confidence %v: must lie between 0 and 1", s.Confidence)
	case !slices.Contains([]string{"", SitesAll, SitesFlops, SitesSRAM}, s.Sites):
		return fmt.Errorf("unknown sites %q: choose all, flops or sram", s.Sites)
	case !slices.Contains([]string{"", SamplingStratified, SamplingUniform, SamplingAdaptive}, s.Sampling):
		return fmt.Errorf("unknown sampling %q: choose stratified, uniform or adaptive", s.Sampling)
	case s.Bits != nil && (s.Bits.Low < 0 || s.Bits.High < s.Bits.Low):
		return fmt.Errorf("bits %d-%d: give a range such as 24-31", s.Bits.Low, s.Bits.High)
	}
	if err := s.checkText(); err != nil {
		return err
	}
	m, err := faults.ParseModel(s.Fault)
	if err != nil {
		return err
	}
	if m.FlopsOnly() && s.Sites != SitesFlops {
		return fmt.Errorf("%s faults are those of flops: choose --sites flops", m.Kind)
	}
	for _, p := range s.Only {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("pattern %q: %w; write for example mac.acc*", p, err)
		}
	}
	for _, c := range s.Classes {
		if _, ok := classByName(c); !ok {
			return fmt.Errorf("unknown register class %q: choose datapath, local, global, control, config or sram", c)
		}
	}
	return nil
}

// untilPrecise says that the number of injections depends on what they show.
func (s Spec) untilPrecise() bool { return s.Margin > 0 || s.Relative > 0 }

// filtered says that the spec leaves out part of the machine or of the inference.
func (s Spec) filtered() bool {
	return s.Sites != SitesAll || s.Only != nil || s.Classes != nil || s.Layers != nil || s.Bits != nil
}

// Digest is the SHA-256 of the canonical JSON of the spec.
func (s Spec) Digest() string { return Digest(s.normal()) }

// Digest is the SHA-256 of a value's JSON, in hexadecimal. Struct fields keep
// their order and maps are sorted, so equal values have equal digests.
func Digest(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		// Nothing that is digested holds a channel, function or NaN.
		text = fmt.Appendf(nil, "%+v", v)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
