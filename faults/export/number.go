package export

import "strconv"

// number is a figure as short as it reads back.
func number(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }
