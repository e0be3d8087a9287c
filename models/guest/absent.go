//go:build browser

package guest

import "fmt"

// MaxModule is the largest file that is looked at.
const MaxModule = 16 << 20

// Limits of a module have no meaning in a program that runs none.
type Limits struct{}

// Module cannot be had here: the program was built without the runtime of modules, which
// would be a large part of it.
type Module struct{}

// Load refuses every module.
func Load(name string, _ []byte, _ Limits) (*Module, error) {
	return nil, fmt.Errorf("%s: this build runs no modules: use the command line", name)
}

// HasCriterion, Name, Digest, Critical and Close are never called, since there is no module.
func (m *Module) Name() string                            { return "" }
func (m *Module) Digest() string                          { return "" }
func (m *Module) Critical(want, got []byte) (bool, error) { return false, nil }
func (m *Module) HasCriterion() bool                      { return false }
func (m *Module) Close()                                  {}
