package main

import (
	"io"

	"upset/stats/report"
	"upset/stats/result"
)

// write prints a result. People see blocks that are proven harmless as a remark:
// an interval from 0 to 0 has no place on the logarithmic axis of the figures.
func write(w io.Writer, format string, v any) error {
	switch r := v.(type) {
	case *result.Campaign:
		v = forPeople(format, *r)
	case result.Assess:
		r.Campaign = forPeople(format, r.Campaign)
		v = r
	}
	return report.Write(w, format, v)
}

// forPeople moves blocks without any risk from the table to the warnings.
func forPeople(format string, c result.Campaign) result.Campaign {
	if format != report.FormatText && format != report.FormatHTML {
		return c
	}
	blocks := c.Blocks
	c.Blocks, c.Warnings = nil, append([]result.Warning(nil), c.Warnings...)
	for _, b := range blocks {
		if b.AVFViolating.High > 0 && b.AVFCritical.High > 0 {
			c.Blocks = append(c.Blocks, b)
			continue
		}
		c.Warnings = append(c.Warnings, result.Warning{
			Code: "proven_block", Subject: b.Block, Message: "no upset of this block can violate, by proof: it is left out of the table of blocks",
		})
	}
	return c
}
