package driver

import (
	"errors"

	"upset/models/tflite"
	"upset/npu/isa"
)

// ConfigOf is the configuration that a Vela-optimised model was compiled for. One for
// another NPU gives a *MismatchError.
func ConfigOf(m *tflite.Model) (isa.Config, error) {
	var err error
	for _, c := range isa.Configs {
		var other *MismatchError
		if _, err = FromVela(m, c); !errors.As(err, &other) {
			return c, nil // what else is wrong, its reader says
		}
	}
	return 0, err
}
