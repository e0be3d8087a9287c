package faults

import (
	"os"
	"path/filepath"
	"testing"

	"upset/models/driver"
	"upset/npu/isa"
)

// sharedNetwork opens a file of the data folder beside the project.
func sharedNetwork(t testing.TB, file string, c isa.Config) *driver.Network {
	t.Helper()
	root := filepath.Join("..", "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	n, err := driver.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sharedProgram opens a model of the data folder that is one program.
func sharedProgram(t testing.TB, name string, c isa.Config) *driver.Program {
	t.Helper()
	return sharedNetwork(t, "models/"+name+".tflite", c).Program()
}
