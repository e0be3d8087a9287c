package check

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Err is the short form of a report as an error: every problem and every refused
// operator with its remedy, operators with the same remedy together. It is nil for a
// network that can run.
func (r *Report) Err() error {
	if r.Runs() {
		return nil
	}
	var parts []string
	for _, p := range r.Problems {
		parts = append(parts, p.Reason+": "+p.Remedy)
	}
	if n := r.Count(Refused); n > 0 {
		text := fmt.Sprintf("%d of %d operators can be computed neither by the NPU nor by the host", n, len(r.Operators))
		for _, a := range r.Advices(Refused) {
			text += fmt.Sprintf("; %s: %s: %s", a.Where(), a.Reason, a.Remedy)
		}
		parts = append(parts, text)
	}
	return errors.New(strings.Join(parts, "; "))
}

// Advice joins operators that have the same remedy.
type Advice struct {
	Operators []int    // in order
	Names     []string // of their kinds, each once
	Reason    string   // of the first
	Remedy    string
}

// Where names the operators of an advice, for example "operators 2 to 5, 9 (TILE)".
func (a *Advice) Where() string {
	var list []string
	for i := 0; i < len(a.Operators); i++ {
		first := i
		for i+1 < len(a.Operators) && a.Operators[i+1] == a.Operators[i]+1 {
			i++
		}
		text := strconv.Itoa(a.Operators[first])
		switch {
		case i == first+1:
			text += ", " + strconv.Itoa(a.Operators[i])
		case i > first:
			text += " to " + strconv.Itoa(a.Operators[i])
		}
		list = append(list, text)
	}
	word := "operator "
	if len(a.Operators) > 1 {
		word = "operators "
	}
	return word + strings.Join(list, ", ") + " (" + strings.Join(a.Names, ", ") + ")"
}

// Advices are the operators of a place, joined, in the order of the first of each.
func (r *Report) Advices(p Place) []Advice {
	var list []Advice
	at := map[string]int{}
	for i := range r.Operators {
		o := &r.Operators[i]
		if o.Place != p {
			continue
		}
		n, ok := at[o.Remedy]
		if !ok {
			n = len(list)
			at[o.Remedy] = n
			list = append(list, Advice{Reason: o.Reason, Remedy: o.Remedy})
		}
		a := &list[n]
		a.Operators = append(a.Operators, o.Index)
		if !slices.Contains(a.Names, o.Name) {
			a.Names = append(a.Names, o.Name)
		}
	}
	return list
}

// quotedName is a name of a tensor in a message.
var quotedName = regexp.MustCompile(`"[^"]*"`)

// shorten cuts long names of tensors in a message to their ends.
func shorten(reason string) string {
	const most = 24 // our choice
	return quotedName.ReplaceAllStringFunc(reason, func(name string) string {
		if r := []rune(name); len(r) > most {
			return `"…` + string(r[len(r)-most+2:])
		}
		return name
	})
}
