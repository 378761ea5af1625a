package score_test

import (
	"testing"

	"probability/app/score"
	"probability/app/score/synthetic"
)

func BenchmarkTrain(b *testing.B) {
	for _, of := range []struct {
		name     string
		outcomes int
	}{{"3000", 3_000}, {"30000", 30_000}, {"50000", 50_000}} {
		b.Run(of.name, func(b *testing.B) {
			s := synthetic.New(1, synthetic.Variants()[0], of.outcomes)
			b.ReportAllocs()
			for b.Loop() {
				score.Train(s.Samples, nil, s.Now)
			}
		})
	}
}
