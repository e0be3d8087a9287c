package stats

import "testing"

func TestIntervalRule(t *testing.T) {
	for _, c := range []struct {
		k, n   int
		method string
	}{{4, 1000, MethodClopperPearson}, {5, 1000, MethodWilson}, {995, 1000, MethodWilson}, {996, 1000, MethodClopperPearson}, {0, 0, MethodClopperPearson}, {5, 9, MethodClopperPearson}} {
		low, high, method, err := Interval(c.k, c.n, 0.95)
		if err != nil || method != c.method {
			t.Errorf("%d/%d: %s, %v; want %s", c.k, c.n, method, err, c.method)
		}
		f := Wilson
		if method == MethodClopperPearson {
			f = ClopperPearson
		}
		if a, b, _ := f(c.k, c.n, 0.95); a != low || b != high {
			t.Errorf("%d/%d: [%v, %v], want [%v, %v]", c.k, c.n, low, high, a, b)
		}
	}
	if _, _, _, err := Interval(3, 2, 0.95); err == nil {
		t.Error("3 of 2 accepted")
	}
}
