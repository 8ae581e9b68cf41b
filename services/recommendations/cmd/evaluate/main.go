// Command evaluate measures the model on the invoices of a real shop: evaluate FOLDER, with UCI's Online Retail as a CSV file for each day.
// The README of recommendations says what it measures. It fails if the model is not twice as good as what is popular, or worse than
// co-occurrence.
package main

import (
	"fmt"
	"os"

	"souk/services/recommendations/internal/evaluation"
	"souk/services/recommendations/internal/model"
)

// The days that the model learns from, and those that it is asked about. The weights were chosen within the first alone.
const (
	learnFrom, learnTo = "2010-12-01", "2010-12-15"
	askFrom, askTo     = "2010-12-16", "2010-12-23"
	seed               = 1
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: make recommend-eval DATA=FOLDER")
		os.Exit(2)
	}
	if err := evaluate(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "evaluate:", err)
		os.Exit(1)
	}
}

func evaluate(folder string) error {
	baskets, err := evaluation.Read(os.DirFS(folder))
	if err != nil {
		return err
	}
	learned, asked := evaluation.Between(baskets, learnFrom, learnTo), evaluation.Between(baskets, askFrom, askTo)
	questions := evaluation.Ask(asked, seed)
	articles := len(evaluation.NewPopular(learned).Recommend(nil, 1<<30))
	fmt.Printf("%d baskets with %d articles learned, %d baskets asked about in %d questions\n", len(learned), articles, len(asked), len(questions.Carts))
	recommenders := []struct {
		name string
		evaluation.Recommender
	}{
		{"most popular", evaluation.NewPopular(learned)},
		{"co-occurrence", trained(model.Plain, learned)},
		{"the model", trained(model.Chosen, learned)},
	}
	for _, kind := range []struct {
		name      string
		questions []evaluation.Question
	}{{"the rest of the basket", questions.Carts}, {"one article of it", questions.Pages}} {
		fmt.Printf("\n%-32s%-18s%-20s%-17s%s\n", "shown: "+kind.name, "hits in ten", "over co-occurrence", "of all articles", "different lists")
		results := make([]evaluation.Result, len(recommenders))
		for i, r := range recommenders {
			results[i] = evaluation.Measure(r, kind.questions)
		}
		for i, result := range results {
			rate, margin := result.Rate()
			better, off := result.Better(results[1])
			fmt.Printf("%-32s%.3f ± %.3f     %+.3f ± %.3f      %4.1f %%           %d\n",
				recommenders[i].name, rate, margin, better, off, 100*float64(result.Recommended)/float64(articles), result.Lists)
		}
		if err := reached(results[0], results[1], results[2]); err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
	}
	return nil
}

// reached returns an error unless the model is twice as good as what is popular, and as good as co-occurrence.
func reached(popular, together, chosen evaluation.Result) error {
	least, _ := popular.Rate()
	plain, _ := together.Rate()
	if rate, _ := chosen.Rate(); rate < 2*least || rate < plain {
		return fmt.Errorf("the model reaches %.3f, less than %.3f or %.3f", rate, 2*least, plain)
	}
	return nil
}

func trained(weights model.Weights, baskets []evaluation.Basket) *model.Model {
	m := model.New(weights)
	for _, b := range baskets {
		m.Learn(b.Invoice, b.Articles)
	}
	return m
}
