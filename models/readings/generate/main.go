// The command generate runs the streams of all readings and writes the comparison of
// counters, by default to docs/silicon.md. Run it in the project's folder.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"upset/models/readings"
)

func main() {
	folder := flag.String("readings", readings.Folder, "folder with readings")
	streams := flag.String("streams", "../shared/counters", "folder with their streams")
	out := flag.String("out", "docs/silicon.md", "page to write")
	flag.Parse()
	if err := write(*folder, *streams, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// write runs upset for each reading, so that the page holds what the command reports.
func write(folder, streams, out string) error {
	list, err := readings.Cases(folder)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "readings")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tool := filepath.Join(dir, "upset")
	if text, err := exec.Command("go", "build", "-o", tool, "./cmd/upset").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	for i := range list {
		c := &list[i]
		stream, err := c.Reading.Stream.Find(streams)
		if err != nil {
			return err
		}
		args := c.Arguments(stream, folder)
		text, err := exec.Command(tool, args...).Output()
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			return fmt.Errorf("upset %s: %s", strings.Join(args, " "), bytes.TrimSpace(exit.Stderr))
		} else if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &c.Run); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := readings.Write(&b, list); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}
