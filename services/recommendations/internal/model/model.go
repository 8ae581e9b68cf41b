// Package model is responsible for telling which articles were bought together.
//
// It keeps the baskets, and no counts of pairs. Asked about some articles, it goes through the baskets that have any of them. A basket
// counts more the more of them it has, and less the larger it is. What was put into it next to them counts more than the rest, and what
// everybody buys anyway counts less. How much, say Weights, which were chosen by measurement (../evaluation).
package model

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

// mostBaskets is in how many baskets of an article the model looks, the newest ones. It bounds the cost of a question about an article
// that is in many.
const mostBaskets = 2000

// Weights say how much the baskets and the articles in them count. With none, each basket counts once for each article that is asked about.
type Weights struct {
	// Size is the exponent of the size of a basket, by which its count is divided.
	Size float64
	// Near is how much more an article counts that is next to one of those asked about. At twice the distance it is half as much more.
	Near float64
	// Popularity is the exponent of how often an article was bought, by which its score is divided.
	Popularity float64
}

// Model knows baskets. Any number of goroutines may use it.
type Model struct {
	weights Weights
	mu      sync.RWMutex
	numbers map[string]int32 // of the articles, by id
	ids     []string         // of the articles, by number
	bought  []int32          // how often, by the number of the article
	in      [][]int32        // the baskets with an article, the oldest first, by the number of the article
	baskets []basket
	known   map[string]int32 // the baskets by the ids of their orders
	pool    sync.Pool        // of *sums
}

type basket struct {
	articles []int32
	weight   float64
}

// New returns a model that knows nothing.
func New(weights Weights) *Model {
	m := &Model{weights: weights, numbers: map[string]int32{}, known: map[string]int32{}}
	m.pool.New = func() any { return &sums{} }
	return m
}

// Baskets returns the number of baskets that the model has learned, those replaced since included.
func (m *Model) Baskets() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.baskets)
}

// Learn adds the basket of an order, in place of the one that the order had before. The articles are in the order in which they were put
// into it.
func (m *Model) Learn(order string, articles []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(order)
	if len(articles) == 0 {
		return
	}
	number := int32(len(m.baskets))
	m.known[order] = number
	added := basket{articles: make([]int32, 0, len(articles))}
	for _, id := range articles {
		article := m.numberOf(id)
		if last := m.in[article]; len(last) > 0 && last[len(last)-1] == number {
			continue // the basket has it twice
		}
		m.in[article] = append(m.in[article], number)
		m.bought[article]++
		added.articles = append(added.articles, article)
	}
	added.weight = math.Pow(float64(len(added.articles)), -m.weights.Size)
	m.baskets = append(m.baskets, added)
}

// forget empties the basket of an order.
func (m *Model) forget(order string) {
	number, ok := m.known[order]
	if !ok {
		return
	}
	delete(m.known, order)
	for _, article := range m.baskets[number].articles {
		m.bought[article]--
	}
	m.baskets[number] = basket{}
}

func (m *Model) numberOf(id string) int32 {
	number, ok := m.numbers[id]
	if !ok {
		number = int32(len(m.ids))
		m.numbers[id] = number
		m.ids, m.bought, m.in = append(m.ids, id), append(m.bought, 0), append(m.in, nil)
	}
	return number
}

// Recommend returns up to limit articles that were bought together with those asked about, the best first, and none of those.
func (m *Model) Recommend(articles []string, limit int) []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s := m.pool.Get().(*sums)
	defer m.pool.Put(s)
	s.reset(len(m.baskets), len(m.ids))
	for _, id := range articles {
		if article, ok := m.numbers[id]; ok && !s.asked[article] {
			s.asked[article] = true
			m.addOverlap(s, article)
		}
	}
	m.addScores(s)
	found := s.articles
	slices.SortFunc(found, func(a, b int32) int {
		if s.score[a] != s.score[b] {
			return cmp.Compare(s.score[b], s.score[a])
		}
		return cmp.Or(cmp.Compare(m.bought[b], m.bought[a]), cmp.Compare(m.ids[a], m.ids[b]))
	})
	best := make([]string, 0, limit)
	for _, article := range found[:min(limit, len(found))] {
		best = append(best, m.ids[article])
	}
	return best
}

// addOverlap counts an article in the overlap of the baskets that have it.
func (m *Model) addOverlap(s *sums, article int32) {
	in := m.in[article]
	for _, number := range in[max(0, len(in)-mostBaskets):] {
		if s.overlap[number] == 0 {
			s.baskets = append(s.baskets, number)
		}
		s.overlap[number]++
	}
}

// addScores scores the articles in the baskets that overlap.
func (m *Model) addScores(s *sums) {
	for _, number := range s.baskets {
		b := m.baskets[number]
		counts := s.overlap[number] * b.weight
		for i, distance := range s.distances(b.articles) {
			article := b.articles[i]
			if s.asked[article] {
				continue
			}
			if s.score[article] == 0 {
				s.articles = append(s.articles, article)
			}
			s.score[article] += counts * (1 + m.weights.Near/float64(distance))
		}
	}
	for _, article := range s.articles {
		s.score[article] *= math.Pow(float64(m.bought[article]), -m.weights.Popularity)
	}
}

// sums are what a question adds up.
type sums struct {
	overlap, score    []float64 // by the numbers of the baskets and the articles
	baskets, articles []int32   // those that are not zero
	asked             []bool    // by the number of the article
	distance          []int32
}

func (s *sums) reset(baskets, articles int) {
	s.overlap, s.score, s.asked = zeros(s.overlap, baskets), zeros(s.score, articles), zeros(s.asked, articles)
	s.baskets, s.articles = s.baskets[:0], s.articles[:0]
}

// zeros returns n zeros, in the memory of old if there is enough.
func zeros[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n, n+n/4)
	}
	old = old[:n]
	clear(old)
	return old
}

// distances returns how far each article of a basket is from the nearest one that is asked about.
func (s *sums) distances(articles []int32) []int32 {
	const far = 1 << 20
	s.distance = s.distance[:0]
	last := int32(-far)
	for i, article := range articles {
		if s.asked[article] {
			last = int32(i)
		}
		s.distance = append(s.distance, int32(i)-last)
	}
	last = far
	for i := len(articles) - 1; i >= 0; i-- {
		if s.asked[articles[i]] {
			last = int32(i)
		}
		s.distance[i] = min(s.distance[i], last-int32(i))
	}
	return s.distance
}
