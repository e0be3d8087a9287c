package audit

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// SBOM lists what a build is made of in CycloneDX JSON, without times and serial numbers, so
// that equal builds have equal lists. Go names modules by a digest of their contents of its
// own (h1), which is given as a property.
func SBOM(info *debug.BuildInfo) ([]byte, error) {
	bom := cdx.NewBOM()
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	version := info.Main.Version
	if v := settings["vcs.revision"]; v != "" {
		version = v
	}
	properties := []cdx.Property{{Name: "go:version", Value: info.GoVersion}}
	for _, key := range []string{"GOOS", "GOARCH", "GOAMD64", "GOARM64", "CGO_ENABLED", "vcs.revision", "vcs.time", "vcs.modified"} {
		if v := settings[key]; v != "" {
			properties = append(properties, cdx.Property{Name: "go:build:" + key, Value: v})
		}
	}
	bom.Metadata = &cdx.Metadata{Component: &cdx.Component{
		BOMRef: "main", Type: cdx.ComponentTypeApplication, Name: info.Main.Path, Version: version, Properties: &properties,
	}}
	var list []cdx.Component
	add := func(path, version, sum string) {
		ref := "pkg:golang/" + path + "@" + version
		c := cdx.Component{BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: path, Version: version, PackageURL: ref}
		if sum != "" {
			c.Properties = &[]cdx.Property{{Name: "go:sum", Value: sum}}
		}
		list = append(list, c)
	}
	add("std", strings.TrimPrefix(info.GoVersion, "go"), "")
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		add(m.Path, m.Version, m.Sum)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].BOMRef < list[j].BOMRef })
	bom.Components = &list
	refs := make([]string, len(list))
	for i := range list {
		refs[i] = list[i].BOMRef
	}
	bom.Dependencies = &[]cdx.Dependency{{Ref: "main", Dependencies: &refs}}
	var out bytes.Buffer
	e := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON)
	e.SetPretty(true)
	if err := e.Encode(bom); err != nil {
		return nil, fmt.Errorf("list of modules: %w", err)
	}
	return out.Bytes(), nil
}

// Machine names the machine that runs.
type Machine struct {
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Processors int    `json:"processors"`
	// Processor and Kernel are empty where the system does not say.
	Processor string `json:"processor,omitempty"`
	Kernel    string `json:"kernel,omitempty"`
	Go        string `json:"go"`
}

// ThisMachine is the one that runs.
func ThisMachine() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Processors: runtime.NumCPU(), Go: runtime.Version()}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		lines := bufio.NewScanner(bytes.NewReader(text))
		for lines.Scan() {
			if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
				m.Processor = strings.TrimSpace(value)
				break
			}
		}
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(text))
	}
	return m
}
