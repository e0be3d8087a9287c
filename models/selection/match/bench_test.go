package match

import "testing"

// BenchmarkDecide measures the host's part of one fault: a decision and its
// consequence.
func BenchmarkDecide(b *testing.B) {
	for _, task := range Tasks() {
		b.Run(task.Name, func(b *testing.B) {
			w, err := task.Build(1)
			if err != nil {
				b.Fatal(err)
			}
			tables, err := w.Reference()
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				o, err := w.Decide(tables)
				if err != nil {
					b.Fatal(err)
				}
				w.Rule.Consequence(tables, o, o)
			}
		})
	}
}
