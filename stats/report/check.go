package report

import (
	"fmt"
	"strconv"

	"upset/stats/result"
)

// checkDocument shows where the operators of a network run.
func checkDocument(c result.Check) document {
	d := document{title: "Check: " + c.Model + " on " + c.NPU, subtitle: c.Format}
	verdict := section{verdict: "met", banner: "can run: " + placesText(c)}
	if !c.Runs {
		verdict = section{verdict: "not_met", banner: "cannot run: " + placesText(c)}
	}
	d.sections = append(d.sections, verdict)
	for i, p := range c.Problems {
		s := section{lines: append([]string{p.Reason, "to do: " + p.Remedy}, indent(p.Lines)...)}
		if i == 0 {
			s.heading = "Problems"
		}
		d.sections = append(d.sections, s)
	}
	if len(c.Advice) > 0 {
		s := section{heading: "What to do"}
		for _, a := range c.Advice {
			s.lines = append(s.lines, a.Where+": "+a.Remedy)
		}
		d.sections = append(d.sections, s)
	}
	if len(c.Memory) > 0 {
		d.sections = append(d.sections, memorySection(c.Memory))
	}
	if len(c.Operators) > 0 {
		t := &table{columns: columns(">operator", "kind", "runs on", "reason", "output")}
		for i, o := range c.Operators {
			t.add(strconv.Itoa(o.Index), o.Name, placeWord(o.Place), dash(o.Reason), shortName(o.Output))
			if o.Place == "refused" {
				t.rows[i][2].class = "not_met"
			}
		}
		d.sections = append(d.sections, section{heading: "Operators", table: t})
	}
	d.sections = append(d.sections, commandSection(c.Command)...)
	return d
}

// memorySection says whether the network fits the memories of the system.
func memorySection(list []result.CheckMemory) section {
	t := &table{columns: columns("memory", "holds", ">needs, bytes", ">has, bytes", "fits")}
	s := section{heading: "Memory", table: t}
	for i, m := range list {
		needs, fits := count(m.Bytes), "yes"
		if !m.Fits {
			fits = "no"
		}
		if m.About {
			needs, fits = "about "+needs, map[bool]string{true: "likely", false: "perhaps not"}[m.Fits]
			s.note = "Estimated from the constants of the file and the tensors alive at once, which the compiler may split; upset compile gives the figures."
		}
		t.add(m.Memory, m.Holds, needs, count(m.Size), fits)
		if !m.Fits && !m.About {
			t.rows[i][4].class = "not_met"
		}
	}
	return s
}

// placesText counts the operators by place.
func placesText(c result.Check) string {
	if len(c.Operators) == 0 {
		return "no operator is known"
	}
	text := fmt.Sprintf("of %d operators %d on the NPU, %d on the host", len(c.Operators), c.OnNPU, c.OnHost)
	if n := len(c.Operators) - c.OnNPU - c.OnHost - c.Refused; n > 0 {
		text += fmt.Sprintf(", %d known before the inference", n)
	}
	if c.Refused > 0 {
		text += fmt.Sprintf(", %d on neither", c.Refused)
	}
	return text
}

// placeWord is a place for people.
func placeWord(place string) string {
	switch place {
	case "npu":
		return "NPU"
	case "refused":
		return "neither"
	case "nobody":
		return "-"
	}
	return place
}

// indent sets lines of a program off.
func indent(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = "  " + l
	}
	return out
}

// dash stands for an empty cell.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// shortName cuts the middle out of a long name of a tensor.
func shortName(s string) string {
	const most = 48 // our choice
	if r := []rune(s); len(r) > most {
		return string(r[:most/2-1]) + "…" + string(r[len(r)-most/2:])
	}
	return dash(s)
}

// checkCSV lists operators and problems.
func checkCSV(c result.Check) csvTable {
	t := csvTable{header: []string{"table", "index", "name", "output", "place", "reason", "remedy", "bytes", "about", "size", "fits"}}
	for _, p := range c.Problems {
		t.add("problem", fields{"reason": p.Reason, "remedy": p.Remedy})
	}
	for _, m := range c.Memory {
		t.add("memory", fields{
			"name": m.Memory, "output": m.Holds, "bytes": strconv.Itoa(m.Bytes), "about": strconv.FormatBool(m.About),
			"size": strconv.Itoa(m.Size), "fits": strconv.FormatBool(m.Fits),
		})
	}
	for _, o := range c.Operators {
		t.add("operator", fields{
			"index": strconv.Itoa(o.Index), "name": o.Name, "output": o.Output, "place": o.Place, "reason": o.Reason, "remedy": o.Remedy,
		})
	}
	return t
}
