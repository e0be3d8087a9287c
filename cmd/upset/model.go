package main

import (
	"path/filepath"
	"strings"

	"upset/faults/campaign"
	"upset/models/driver"
	"upset/npu/isa"
)

// maxModel bounds a model file: twice the flash of the memory map (our choice).
const maxModel = 2 * isa.FlashSize

// openModel reads a network and brings it to the configuration.
func openModel(file string, c isa.Config) (*driver.Network, error) {
	data, err := readFile(file, maxModel)
	if err != nil {
		return nil, bad(err)
	}
	n, err := driver.Open(data, c)
	if err != nil {
		return nil, usage("%s: %w", file, err)
	}
	return n, nil
}

// modelName is the name of a model in results: its file without folder and
// extension, as plain text.
func modelName(file string) string {
	return campaign.PlainText(strings.TrimSuffix(filepath.Base(file), ".tflite"))
}
