package data

import (
	"strings"
	"testing"
)

func TestDigits(t *testing.T) {
	s, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	var count [10]int
	for _, l := range s.Labels {
		count[l]++
	}
	// Class counts of the set as its description gives them.
	if want := [10]int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}; len(s.X) != 1797 || count != want {
		t.Errorf("%d digits, by class %v", len(s.X), count)
	}
}

func TestParseDigitsRefuses(t *testing.T) {
	zeros := strings.Repeat("0,", 64)
	for name, text := range map[string]string{
		"nothing": "", "short": "1,2\n", "word": strings.Replace(zeros, "0", "x", 1) + "1\n", "large": "17" + zeros[1:] + "1\n",
		"fraction": "1.5" + zeros[1:] + "1\n", "label": zeros + "12\n",
	} {
		if _, err := parseDigits(strings.NewReader(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzParseDigits(f *testing.F) {
	f.Add(strings.Repeat("3,", 64) + "5\n")
	f.Add("1e1,NaN\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseDigits(strings.NewReader(text))
		if err != nil {
			return
		}
		for i, x := range s.X {
			for _, v := range x {
				if v < 0 || v > 16 || s.Labels[i] < 0 || s.Labels[i] > 9 {
					t.Fatalf("accepted %v as %d", x, s.Labels[i])
				}
			}
		}
	})
}
