package evaluation

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// Length is how many articles are recommended.
const Length = 10

// Recommender recommends articles for those shown.
type Recommender interface {
	Recommend(shown []string, limit int) []string
}

// Result is how well a recommender has done.
type Result struct {
	// Hits says for each question whether the hidden article was recommended.
	Hits []bool
	// Recommended is how many articles were recommended at all, and Lists how many different lists there were.
	Recommended, Lists int
	questions          []Question
}

// Measure asks a recommender.
func Measure(r Recommender, questions []Question) Result {
	result := Result{questions: questions}
	articles, lists := map[string]bool{}, map[string]bool{}
	for _, q := range questions {
		list := r.Recommend(q.Shown, Length)
		result.Hits = append(result.Hits, slices.Contains(list, q.Hidden))
		for _, article := range list {
			articles[article] = true
		}
		lists[strings.Join(list, " ")] = true
	}
	result.Recommended, result.Lists = len(articles), len(lists)
	return result
}

// Rate returns the share of questions that were hits, and by how much it may be off (95 %).
func (r Result) Rate() (rate, margin float64) {
	return r.mean(func(i int) float64 { return number(r.Hits[i]) })
}

// Better returns by how much the rate is better than another one of the same questions, and by how much that may be off (95 %).
func (r Result) Better(than Result) (difference, margin float64) {
	return r.mean(func(i int) float64 { return number(r.Hits[i]) - number(than.Hits[i]) })
}

// mean returns the mean of a value over the questions, with its margin. Because the questions about a basket depend on each other, the
// margin is that of a ratio over baskets (Cochran, Sampling Techniques, 2.11).
func (r Result) mean(value func(i int) float64) (mean, margin float64) {
	n := float64(len(r.questions))
	for i := range r.questions {
		mean += value(i) / n
	}
	deviations := map[int]float64{}
	for i, q := range r.questions {
		deviations[q.Basket] += value(i) - mean
	}
	var squares float64
	for basket := range maps.Values(deviations) {
		squares += basket * basket
	}
	return mean, 1.96 * math.Sqrt(squares) / n
}

func number(hit bool) float64 {
	if hit {
		return 1
	}
	return 0
}
