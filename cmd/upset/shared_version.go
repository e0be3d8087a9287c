package main

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"upset/faults/campaign"
)

// release is the name of a release, which make dist sets with -ldflags -X. Where it is
// empty the version is the one that Go derives from the repository or the module.
var release string

// build names the binary as far as it knows itself: module and version, revision, Go.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown build"
	}
	text := info.Main.Path + " " + cmp.Or(release, info.Main.Version)
	if b := campaign.ThisBuild(); b.Revision != "" && b.Revision != info.Main.Version {
		text += ", revision " + b.String()
	}
	return text + ", " + info.GoVersion
}

// versionText is what --version says behind the program's name: version, revision,
// whether the source had changes that are in no commit, Go, system and processor.
func versionText() string {
	version, compiler := "unknown", runtime.Version()
	if info, ok := debug.ReadBuildInfo(); ok {
		version, compiler = info.Main.Version, info.GoVersion
	}
	b := campaign.ThisBuild()
	modified := "not modified"
	if b.Modified {
		modified = "modified"
	}
	if b.Revision == "" {
		modified = "modified or not is unknown"
	}
	return cmp.Or(release, version, "unknown") + ", revision " + cmp.Or(b.Revision, "unknown") + ", " + modified + ", " +
		compiler + ", " + runtime.GOOS + "/" + runtime.GOARCH
}
