package criterion

import (
	"fmt"
	"regexp"
	"strings"
)

// functionPrefix marks the names of rules that are functions of a Go program.
const functionPrefix = "go:"

// functionName is what a rule may be called.
var functionName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}$`)

// function is a rule that a Go program brings.
type function struct {
	name     string
	critical func(want, got []byte) bool
}

// Func is a criterion that a Go program brings: critical is given the fault-free output
// and a wrong one, all output tensors as the network has them, one behind the other. It is
// called from several goroutines and must depend on nothing but its arguments. The name
// stands in the campaign's spec for what the function does, and changes with it.
func Func(name string, critical func(want, got []byte) bool) (Criterion, error) {
	if !functionName.MatchString(name) {
		return Criterion{}, fmt.Errorf("criterion %q: a name has 1 to 100 letters, digits, spaces and . _ / -", name)
	}
	return Criterion{Kind: Function, function: &function{name, critical}}, nil
}

// foreign is the error of a name that another program's function has.
func foreign(s string) error {
	return fmt.Errorf("criterion %q is a function of the program that ran the campaign: go on with that program", strings.TrimPrefix(s, functionPrefix))
}
