package evaluation

import (
	"cmp"
	"maps"
	"slices"
)

// Popular recommends what is in most baskets, whatever is shown.
type Popular struct {
	best []string
}

// NewPopular returns what was popular in baskets.
func NewPopular(baskets []Basket) Popular {
	counts := map[string]int{}
	for _, b := range baskets {
		for _, article := range b.Articles {
			counts[article]++
		}
	}
	best := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return Popular{best}
}

// Recommend implements Recommender.
func (p Popular) Recommend(shown []string, limit int) []string {
	var list []string
	for _, article := range p.best {
		if len(list) == limit {
			break
		}
		if !slices.Contains(shown, article) {
			list = append(list, article)
		}
	}
	return list
}
