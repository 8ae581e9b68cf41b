package model_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"souk/services/recommendations/internal/model"
)

func learned(weights model.Weights, baskets ...[]string) *model.Model {
	m := model.New(weights)
	for i, b := range baskets {
		m.Learn(fmt.Sprint("order ", i), b)
	}
	return m
}

func mustRecommend(t *testing.T, m *model.Model, asked, want []string) {
	t.Helper()
	if got := m.Recommend(asked, 10); !slices.Equal(got, want) {
		t.Errorf("with %v it recommends %v, want %v", asked, got, want)
	}
}

func TestWhatWasBoughtTogetherIsRecommendedTheMostFrequentFirst(t *testing.T) {
	t.Parallel()
	m := learned(model.Plain, []string{"tea", "cup"}, []string{"tea", "pot"}, []string{"tea", "cup"}, []string{"lamp", "bulb"})
	mustRecommend(t, m, []string{"tea"}, []string{"cup", "pot"})
	mustRecommend(t, m, []string{"cup"}, []string{"tea"})
	mustRecommend(t, m, []string{"tea", "lamp"}, []string{"cup", "bulb", "pot"})
	mustRecommend(t, m, []string{"unknown"}, nil)
	mustRecommend(t, m, nil, nil)
	if got := m.Recommend([]string{"tea"}, 1); !slices.Equal(got, []string{"cup"}) {
		t.Errorf("one is %v", got)
	}
}

func TestWeightsDampLargeBasketsAndWhatEverybodyBuys(t *testing.T) {
	t.Parallel()
	large := []string{"tea", "bag", "a", "b", "c", "d", "e", "f"}
	baskets := [][]string{large, large, {"tea", "cup"}}
	if got := learned(model.Plain, baskets...).Recommend([]string{"tea"}, 10); got[len(got)-1] != "cup" {
		t.Errorf("without damping: %v, want the cup last", got)
	}
	if got := learned(model.Weights{Size: 1}, baskets...).Recommend([]string{"tea"}, 1); got[0] != "cup" {
		t.Errorf("large baskets count less: %v, want the cup first", got)
	}
	baskets = [][]string{{"tea", "bag"}, {"tea", "bag"}, {"tea", "cup"}, {"lamp", "bag"}, {"pen", "bag"}, {"shoe", "bag"}}
	if got := learned(model.Weights{Popularity: 1}, baskets...).Recommend([]string{"tea"}, 1); got[0] != "cup" {
		t.Errorf("what everybody buys counts less: %v, want the cup first", got)
	}
}

func TestABasketThatHasMoreOfTheCartCountsMore(t *testing.T) {
	t.Parallel()
	m := learned(model.Plain, []string{"tea", "cup", "milk"}, []string{"tea", "salt"}, []string{"lamp", "salt"})
	mustRecommend(t, m, []string{"tea", "cup"}, []string{"milk", "salt"})
}

func TestWhatWasPutIntoTheBasketNextToItCountsMore(t *testing.T) {
	t.Parallel()
	baskets := [][]string{{"far", "a", "b", "c", "tea", "cup"}, {"pot", "tea", "d", "e", "f", "far"}}
	got := learned(model.Weights{Near: 4}, baskets...).Recommend([]string{"tea"}, 10)
	// c, d, cup and pot are next to the tea once, and far is far away from it twice: 2 + 4/4 + 4/4, less than 1 + 4/1.
	if got[4] != "far" || len(got) != 10-1 {
		t.Errorf("with tea it recommends %v, want far after the four that are next to it", got)
	}
}

func TestTheBasketOfAnOrderIsReplaced(t *testing.T) {
	t.Parallel()
	m := model.New(model.Chosen)
	for range 3 {
		m.Learn("order", []string{"tea", "cup", "tea"})
	}
	mustRecommend(t, m, []string{"tea"}, []string{"cup"})
	m.Learn("order", []string{"tea", "pot"})
	mustRecommend(t, m, []string{"tea"}, []string{"pot"})
	mustRecommend(t, m, []string{"cup"}, nil)
	m.Learn("order", nil)
	mustRecommend(t, m, []string{"tea"}, nil)
}

// Only the newest baskets of an article count, so that no question takes long.
func TestOldBasketsOfAFrequentArticleDoNotCount(t *testing.T) {
	t.Parallel()
	m := model.New(model.Plain)
	for i := range 3000 {
		other := "new"
		if i < 1000 {
			other = "old"
		}
		m.Learn(fmt.Sprint(i), []string{"tea", other})
	}
	mustRecommend(t, m, []string{"tea"}, []string{"new"})
}

func TestQuestionsAreAnsweredWhileTheModelLearns(t *testing.T) {
	t.Parallel()
	m := learned(model.Chosen, []string{"tea", "cup"})
	var working sync.WaitGroup
	for worker := range 4 {
		working.Go(func() {
			for i := range 500 {
				if worker == 0 {
					m.Learn(fmt.Sprint("new ", i%50), []string{"tea", "cup", fmt.Sprint("article ", i)})
				} else if got := m.Recommend([]string{"tea"}, 1); len(got) != 1 || got[0] != "cup" {
					t.Errorf("it recommends %v", got)
					return
				}
			}
		})
	}
	working.Wait()
}

// BenchmarkRecommend asks about carts in a shop whose products are bought as unevenly as in real ones.
func BenchmarkRecommend(b *testing.B) {
	m := model.New(model.Chosen)
	for i := range 20_000 {
		var basket []string
		for j := range 26 {
			basket = append(basket, fmt.Sprint((i*7919+j*j*104729)%(1+(i+j*37)%4000)))
		}
		m.Learn(fmt.Sprint(i), basket)
	}
	for _, n := range []int{1, 5, 50} {
		var cart []string
		for i := range n {
			cart = append(cart, fmt.Sprint(i))
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Recommend(cart, 40)
			}
		})
	}
}
