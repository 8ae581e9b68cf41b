package evaluation

import (
	"math/rand/v2"
	"slices"
)

// hiddenOfBasket is how many articles of a basket are hidden, one after the other.
const hiddenOfBasket = 3

// Question asks for an article that was hidden from a basket.
type Question struct {
	// Basket is the number of the basket: questions about the same one depend on each other.
	Basket int
	Shown  []string
	Hidden string
}

// Questions are what the model is asked.
type Questions struct {
	// Carts show all other articles of the basket, Pages one of them, as the page of a product does.
	Carts, Pages []Question
}

// Ask draws questions about the baskets of two or more articles. The same seed draws the same ones.
func Ask(baskets []Basket, seed uint64) Questions {
	random := rand.New(rand.NewPCG(seed, 0))
	var q Questions
	for number, b := range baskets {
		n := len(b.Articles)
		if n < 2 {
			continue
		}
		for _, hidden := range random.Perm(n)[:min(hiddenOfBasket, n)] {
			rest := slices.Delete(slices.Clone(b.Articles), hidden, hidden+1)
			one := rest[random.IntN(len(rest))]
			q.Carts = append(q.Carts, Question{Basket: number, Shown: rest, Hidden: b.Articles[hidden]})
			q.Pages = append(q.Pages, Question{Basket: number, Shown: []string{one}, Hidden: b.Articles[hidden]})
		}
	}
	return q
}
