package endurance

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"strings"
	"text/template"

	"upset/faults/campaign"
)

//go:embed page.tmpl
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"thousands": thousands,
	"float":     func(n int) float64 { return float64(n) },
	"coreMinutes": func(f *Fuzzing) string {
		_, seconds := f.Total()
		return fmt.Sprintf("%.1f", seconds/60)
	},
	"last":         func(list []string) string { return list[len(list)-1] },
	"leastMinutes": func() string { return fmt.Sprintf("%.0f", leastTime.Minutes()) },
	"join":         func(list []string) string { return strings.Join(list, ", ") },
	"minutes":      func(seconds float64) string { return fmt.Sprintf("%.1f", seconds/60) },
	"recordBytes":  func() int { return campaign.RecordBytes },
	"every":        func(n, i int) bool { return n < 25 || i%((n+23)/24) == 0 || i == n-1 },
	"code":         func(s string) string { return "`" + strings.ReplaceAll(s, "`", "'") + "`" },
}).Parse(pageText))

// thousands writes a number with commas.
func thousands(x float64) string {
	digits := fmt.Sprintf("%.0f", math.Abs(x))
	var b strings.Builder
	if x < 0 && digits != "0" {
		b.WriteByte('-')
	}
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Page is docs/endurance.md.
func (s Summary) Page() ([]byte, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, s); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
