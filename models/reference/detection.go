package reference

import (
	"math"
	"slices"

	"upset/models/tflite"
)

// detection is a TFLite_Detection_PostProcess whose operands are checked. Boxes,
// scores and the limits follow TFLite Micro's kernel.
type detection struct {
	boxes, scores, anchors operand
	out                    [4]operand // boxes, classes, scores, number
	n                      int        // boxes
	classes, columns       int        // columns counts the background, which comes first
	most, perClass, each   int        // detections in all, of a class, classes per box
	regular                bool
	least, overlap         float32
	scale                  [4]float64 // y, x, h, w
}

// prepareDetection handles TFLite_Detection_PostProcess: boxes are decoded against
// anchors, and of those that overlap only the best stay.
func prepareDetection(n *node) Kernel {
	options, err := n.op.CustomNumbers()
	if err != nil {
		n.fail("%v", err)
		return nil
	}
	types := []tflite.Type{tflite.Float32, tflite.Int8, tflite.Uint8}
	d := &detection{boxes: n.in(0, types...), scores: n.in(1, types...), anchors: n.in(2, types...)}
	for i := range d.out {
		d.out[i] = n.out(i, tflite.Float32)
	}
	for _, o := range []operand{d.boxes, d.scores, d.anchors} {
		if o.Type != tflite.Float32 {
			n.quantised(o)
		}
	}
	d.limits(n, options)
	b, s := d.boxes.Shape, d.scores.Shape
	if !n.require(len(b) == 3 && len(s) == 3 && b[0] == 1 && s[0] == 1 && b[1] == s[1] && b[2] >= 4, "boxes %v and scores %v", b, s) {
		return nil
	}
	d.n, d.columns = b[1], s[2]
	const boxes, detections = 1 << 15, 1 << 10 // bound the time that boxes are compared (our choice)
	n.require(d.n <= boxes && d.most <= detections, "%d boxes and %d detections; up to %d and %d are known", d.n, d.most, boxes, detections)
	n.require(d.anchors.Elements() >= 4*d.n, "%d anchors for %d boxes", d.anchors.Elements()/4, d.n)
	n.require(d.classes > 0 && (d.columns == d.classes || d.columns == d.classes+1), "%d columns for %d classes", d.columns, d.classes)
	total := d.most * d.each
	n.require(d.out[0].Elements() == 4*total && d.out[1].Elements() == total && d.out[2].Elements() == total && d.out[3].Elements() == 1,
		"outputs %v, %v, %v and %v for %d detections", d.out[0].Shape, d.out[1].Shape, d.out[2].Shape, d.out[3].Shape, total)
	d.each = min(d.each, d.classes)
	if n.err != nil {
		return nil
	}
	return d.run
}

// limits takes the numbers of the options; those that have a default may be absent.
func (d *detection) limits(n *node, options map[string]float64) {
	whole := func(name string, otherwise int) int {
		x, ok := options[name]
		if !ok {
			return otherwise
		}
		const limit = 1 << 20 // our choice
		n.require(x >= 0 && x <= limit && x == math.Trunc(x), "option %s is %v", name, x)
		return int(x)
	}
	d.most, d.each = whole("max_detections", -1), whole("max_classes_per_detection", -1)
	d.perClass, d.classes = whole("detections_per_class", 100), whole("num_classes", -1)
	d.regular = options["use_regular_nms"] != 0
	d.least, d.overlap = float32(options["nms_score_threshold"]), float32(options["nms_iou_threshold"])
	for i, name := range []string{"y_scale", "x_scale", "h_scale", "w_scale"} {
		d.scale[i] = float64(float32(options[name]))
		n.require(d.scale[i] > 0, "option %s is %v", name, options[name])
	}
	n.require(d.most >= 0 && d.each > 0, "max_detections %d, max_classes_per_detection %d", d.most, d.each)
	n.require(d.overlap > 0 && d.overlap <= 1, "nms_iou_threshold is %v", d.overlap)
}

// realAt is element i of a tensor as a real number.
func realAt(o operand, b []byte, i int) float32 {
	if o.Type == tflite.Float32 {
		return decodeFloat(b, i)
	}
	return float32(at(b, o.Type, i)-o.zero) * o.scale
}

// box is the corners of a box: y and x of both.
type box [4]float32

// decode turns the centres and sizes relative to the anchors into corners.
func (d *detection) decode(v [][]byte) []box {
	src, anchors := d.boxes.value(v), d.anchors.value(v)
	list := make([]box, d.n)
	for i := range list {
		var raw, a [4]float64 // y, x, h, w
		for k := range raw {
			raw[k] = float64(realAt(d.boxes, src, i*d.boxes.Shape[2]+k))
			a[k] = float64(realAt(d.anchors, anchors, 4*i+k))
		}
		for k := range 2 { // y, then x
			centre := float32(raw[k]/d.scale[k]*a[2+k] + a[k])
			half := float32(0.5 * math.Exp(raw[2+k]/d.scale[2+k]) * a[2+k])
			list[i][k], list[i][2+k] = centre-half, centre+half
		}
	}
	return list
}

// found is one detection.
type found struct {
	box, class int
	score      float32
}

func (d *detection) run(v [][]byte) {
	boxes := d.decode(v)
	src := d.scores.value(v)
	scores := make([]float32, d.n*d.columns)
	for i := range scores {
		scores[i] = realAt(d.scores, src, i)
	}
	pick := d.fast
	if d.regular {
		pick = d.byClass
	}
	list, count := pick(boxes, scores)
	for i := range d.out {
		clear(d.out[i].value(v))
	}
	for i, f := range list {
		for k, x := range boxes[f.box] {
			putFloat(d.out[0].value(v), 4*i+k, x)
		}
		putFloat(d.out[1].value(v), i, float32(f.class))
		putFloat(d.out[2].value(v), i, f.score)
	}
	putFloat(d.out[3].value(v), 0, float32(count))
}

// fast keeps boxes by their best class and lists the best classes of each.
func (d *detection) fast(boxes []box, scores []float32) (list []found, count int) {
	first := d.columns - d.classes
	best, order := make([]float32, d.n), make([][]int, d.n)
	for i := range best {
		row := scores[i*d.columns+first : (i+1)*d.columns]
		order[i] = decreasing(row)[:d.each]
		best[i] = row[order[i][0]]
	}
	kept := d.suppress(boxes, best, d.most)
	for _, b := range kept {
		for _, c := range order[b] {
			list = append(list, found{b, c, scores[b*d.columns+first+c]})
		}
	}
	return list, len(kept)
}

// byClass keeps boxes of each class on its own, and the best of all.
func (d *detection) byClass(boxes []box, scores []float32) (list []found, count int) {
	first := d.columns - d.classes
	column := make([]float32, d.n)
	for c := range d.classes {
		for i := range column {
			column[i] = scores[i*d.columns+first+c]
		}
		for _, b := range d.suppress(boxes, column, d.perClass) {
			list = append(list, found{b, c, column[b]})
		}
		slices.SortStableFunc(list, func(a, b found) int { return compareDown(a.score, b.score) })
		list = list[:min(len(list), d.most)]
	}
	return list, len(list)
}

// suppress returns up to most boxes in order of their scores, without those that
// overlap a better one too much.
func (d *detection) suppress(boxes []box, scores []float32, most int) []int {
	var candidates []int
	for _, i := range decreasing(scores) {
		if scores[i] >= d.least {
			candidates = append(candidates, i)
		}
	}
	var kept []int
	for _, i := range candidates {
		if len(kept) == min(most, len(candidates)) {
			break
		}
		if !slices.ContainsFunc(kept, func(k int) bool { return boxes[k].overlap(boxes[i]) > d.overlap }) {
			kept = append(kept, i)
		}
	}
	return kept
}

// overlap is the area that two boxes share over the area that they cover.
func (a box) overlap(b box) float32 {
	areaA, areaB := float32(a[2]-a[0])*float32(a[3]-a[1]), float32(b[2]-b[0])*float32(b[3]-b[1])
	if areaA <= 0 || areaB <= 0 {
		return 0
	}
	h, w := max(min(a[2], b[2])-max(a[0], b[0]), 0), max(min(a[3], b[3])-max(a[1], b[1]), 0)
	shared := float32(h * w)
	return shared / (float32(areaA+areaB) - shared)
}

// decreasing is the positions of values from the largest down, equal ones in their
// order.
func decreasing(values []float32) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareDown(values[a], values[b]) })
	return order
}

func compareDown(a, b float32) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}
