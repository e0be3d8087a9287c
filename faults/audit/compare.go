package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"strings"
)

// tolerance is how far a figure may be from the stored one, relative (our choice: processors
// that join a product and a sum round the last bits in another way).
const tolerance = 1e-9

// Difference is a figure that is another one than computed anew.
type Difference struct {
	// Key is the path to it, such as fit.violating.upper or strata[3].n.
	Key string
	// Stored and Now are JSON; empty where the key is missing.
	Stored, Now string
}

// String says it in words.
func (d Difference) String() string {
	switch {
	case d.Stored == "":
		return fmt.Sprintf("%s is missing, computed %s", d.Key, d.Now)
	case d.Now == "":
		return fmt.Sprintf("%s is %s, but nothing gives it", d.Key, d.Stored)
	}
	return fmt.Sprintf("%s is %s, computed %s", d.Key, d.Stored, d.Now)
}

// Compare compares a stored result with that which is computed anew, both JSON. Keys of
// the top level that are skipped are not looked at. It returns how many figures and words
// were compared, and the differences in the order of their keys.
func Compare(stored, now []byte, skip ...string) (figures int, list []Difference, err error) {
	a, err := decode(stored)
	if err != nil {
		return 0, nil, err
	}
	b, err := decode(now)
	if err != nil {
		return 0, nil, err
	}
	for _, key := range skip {
		for _, x := range []any{a, b} {
			if m, ok := x.(map[string]any); ok {
				delete(m, key)
			}
		}
	}
	c := comparison{}
	c.walk("", a, b)
	return c.figures, c.list, nil
}

// decode reads one JSON value and nothing behind it.
func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands behind its JSON")
	}
	return v, nil
}

type comparison struct {
	figures int
	list    []Difference
}

func (c *comparison) differ(key string, stored, now any) {
	c.list = append(c.list, Difference{strings.TrimPrefix(key, "."), text(stored), text(now)})
}

// walk compares two values.
func (c *comparison) walk(key string, stored, now any) {
	switch s := stored.(type) {
	case map[string]any:
		n, ok := now.(map[string]any)
		if !ok {
			c.differ(key, stored, now)
			return
		}
		var keys []string
		for k := range s {
			keys = append(keys, k)
		}
		for k := range n {
			if _, both := s[k]; !both {
				keys = append(keys, k)
			}
		}
		sort.Strings(keys)
		for _, k := range keys {
			x, inStored := s[k]
			y, inNow := n[k]
			if !inStored || !inNow {
				c.differ(key+"."+k, missing(x, inStored), missing(y, inNow))
				continue
			}
			c.walk(key+"."+k, x, y)
		}
	case []any:
		n, ok := now.([]any)
		if !ok || len(s) != len(n) {
			c.differ(key, stored, now)
			return
		}
		for i := range s {
			c.walk(fmt.Sprintf("%s[%d]", key, i), s[i], n[i])
		}
	default:
		c.figures++
		if !same(stored, now) {
			c.differ(key, stored, now)
		}
	}
}

// none stands for a key that is not there.
type none struct{}

func missing(v any, there bool) any {
	if there {
		return v
	}
	return none{}
}

// same compares two plain values.
func same(a, b any) bool {
	x, ok1 := a.(json.Number)
	y, ok2 := b.(json.Number)
	if !ok1 || !ok2 {
		return ok1 == ok2 && plain(a) && plain(b) && a == b
	}
	if x == y {
		return true
	}
	p, err1 := x.Float64()
	q, err2 := y.Float64()
	// Whole numbers are counts and seeds: equal or not.
	whole := !strings.ContainsAny(string(x)+string(y), ".eE")
	return err1 == nil && err2 == nil && !whole && math.Abs(p-q) <= tolerance*max(math.Abs(p), math.Abs(q))
}

// plain tells values that can be compared with ==.
func plain(v any) bool {
	switch v.(type) {
	case nil, bool, string:
		return true
	}
	return false
}

// text is a value in short.
func text(v any) string {
	switch x := v.(type) {
	case none:
		return ""
	case []any:
		return fmt.Sprintf("a list of %d", len(x))
	case map[string]any:
		return fmt.Sprintf("an object of %d keys", len(x))
	}
	out, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const most = 80
	if len(out) > most {
		out = append(out[:most:most], "..."...)
	}
	return string(out)
}
