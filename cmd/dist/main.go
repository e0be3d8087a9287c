// Command dist builds upset for other machines: one static program for each system and
// processor, and SHA256SUMS, which sha256sum -c reads.
//
//	go run ./cmd/dist -out dist -version v1.2
package main

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"upset/stats/report"
)

// targets are the systems and processors.
var targets = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// sums is the name of the file with the checksums.
const sums = "SHA256SUMS"

// version is what a release may be called: it becomes part of a linker flag.
var version = regexp.MustCompile(`^[A-Za-z0-9._+-]*$`)

func main() {
	out := flag.String("out", "dist", "`folder` for the programs")
	name := flag.String("version", "", "`name` of the release; without it Go's, from the repository")
	only := flag.String("only", "", "these `targets` alone, such as linux/arm64,windows/amd64")
	flag.Parse()
	if err := dist(*out, *name, *only, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// dist builds the targets and writes their checksums.
func dist(out, name, only string, rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q", rest[0])
	}
	if !version.MatchString(name) {
		return fmt.Errorf("version %q: write it with letters, digits, dots, plus and minus", name)
	}
	list := targets
	if only != "" {
		list = strings.Split(only, ",")
	}
	for _, t := range list {
		if !slices.Contains(targets, t) {
			return fmt.Errorf("unknown target %q: there are %s", t, strings.Join(targets, ", "))
		}
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	// Old sums must not stand beside new programs.
	if err := os.Remove(filepath.Join(out, sums)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var lines bytes.Buffer
	for _, t := range list {
		file, err := build(out, name, t)
		if err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		sum, size, err := digest(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, filepath.Base(file))
		fmt.Printf("%s  %-28s %5.1f MB\n", sum[:16], filepath.Base(file), float64(size)/1e6)
	}
	return report.WriteFileAtomic(filepath.Join(out, sums), func(w io.Writer) error {
		_, err := lines.WriteTo(w)
		return err
	})
}

// build makes the program for a target and returns its file.
func build(out, name, target string) (string, error) {
	system, processor, _ := strings.Cut(target, "/")
	file := filepath.Join(out, "upset-"+system+"-"+processor)
	if system == "windows" {
		file += ".exe"
	}
	// Without symbols for debuggers, a third of the size; traces keep names and lines.
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.release="+name, "-o", file, "./cmd/upset")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", err
	}
	if system == "linux" {
		return file, static(file)
	}
	return file, nil
}

// static is an error for a program that asks for a dynamic linker.
func static(file string) error {
	f, err := elf.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("the program is not static")
		}
	}
	return nil
}

// digest is the SHA-256 of a file, and its size in bytes.
func digest(file string) (sum string, size int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
