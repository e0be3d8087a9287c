//go:build unix

package own

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A pipe that nobody writes to does not hold up the reader, wherever it stands.
func TestPipes(t *testing.T) {
	for _, file := range []string{"task.json", "rule.wasm", "big.tflite", "rows/pictures.bin"} {
		dir := folder(t)
		path := filepath.Join(dir, filepath.FromSlash(file))
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o644); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			refused(t, file, dir, "is no file")
		}()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatalf("%s is a pipe: the reader waits for it", file)
		}
	}
}
