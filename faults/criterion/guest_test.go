package criterion

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGuestCriterionRefuses(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.wasm")
	if err := os.WriteFile(bad, []byte("no module"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{bad: "no WebAssembly module", filepath.Join(dir, "none.wasm"): "none.wasm", bad + "#12": "no WebAssembly module"} {
		if _, err := Parse(name); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
