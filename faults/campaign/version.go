package campaign

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"upset/faults"
)

// ErrVersion: the log was written under other rules than this build's.
var ErrVersion = errors.New("the log is of another version")

// Build names a build of the tool.
type Build struct {
	// Revision is the commit of the source, or the version of a module that was
	// installed; it is empty where the build does not know either.
	Revision string `json:"revision,omitempty"`
	// Modified says that the source had changes that are in no commit.
	Modified bool `json:"modified,omitempty"`
}

// String names the build for a reader.
func (b Build) String() string {
	text := b.Revision
	if text == "" {
		text = "of unknown revision"
	}
	if b.Modified {
		text += " with changes"
	}
	return text
}

// ThisBuild is the build that is running, as far as it knows itself.
func ThisBuild() (b Build) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	if v := info.Main.Version; b.Revision == "" && v != "(devel)" {
		b.Revision = v
	}
	return b
}

// checkVersion reads of a header what every version writes alike, and refuses other
// rules before anything is read under them.
func checkVersion(body []byte) error {
	var h struct {
		Format         int               `json:"format"`
		Classification int               `json:"classification"`
		Build          Build             `json:"build"`
		Note           map[string]string `json:"note"`
	}
	if err := json.Unmarshal(body, &h); err != nil {
		return err
	}
	if h.Format == formatVersion && h.Classification == faults.Classification {
		return nil
	}
	again := ""
	if command := h.Note["command"]; command != "" {
		again = ": " + command
	}
	return fmt.Errorf("%w: format %d and rules of classification %d, written by build %s; this build reads format %d and classification %d; use the build that wrote it, or run the campaign again in a new folder%s",
		ErrVersion, h.Format, h.Classification, h.Build, formatVersion, faults.Classification, again)
}
