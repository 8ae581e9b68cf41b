package lastgood_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	"souk/testkit/scrape"

	"souk/gateway/internal/lastgood"
)

func TestLastGoodAnswersReplaceFailuresButNotAnswers(t *testing.T) {
	t.Parallel()
	hasFailed := map[codes.Code]bool{
		codes.Unavailable: true, codes.DeadlineExceeded: true, codes.Internal: true, codes.ResourceExhausted: true, codes.Unknown: true,
	}
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			o := newOwner()
			c := remember(o)
			mustShow(t, c, "mug", "Mug", false)
			o.fails(status.Error(code, "so"))
			if hasFailed[code] {
				mustShow(t, c, "mug", "Mug", true)
			} else if got := show(t.Context(), c, "mug"); status.Code(got.err) != code || got.stale {
				t.Errorf("%+v, want %v", got, code)
			}
			// An answer such as NOT_FOUND replaces the cached one. A canceled call does not.
			o.fails(away)
			if got := show(t.Context(), c, "mug"); got.stale != (hasFailed[code] || code == codes.Canceled) {
				t.Errorf("afterwards %+v", got)
			}
			o.fails(nil)
			mustShow(t, c, "mug", "Mug", false)
		})
	}
}

func TestEveryReadIsCached(t *testing.T) {
	t.Parallel()
	o := newOwner()
	c := remember(o)
	reads := map[string]func(context.Context) (string, error){
		"product": func(ctx context.Context) (string, error) {
			a, err := c.GetProduct(ctx, &catalogv1.GetProductRequest{IdOrSlug: "mug"})
			return a.GetProduct().GetTitle(), err
		},
		"products": func(ctx context.Context) (string, error) {
			a, err := c.ListProducts(ctx, &catalogv1.ListProductsRequest{Query: "cup", Facets: true})
			return strconv.Itoa(len(a.GetProducts())), err
		},
		"categories": func(ctx context.Context) (string, error) {
			a, err := c.ListCategories(ctx, &catalogv1.ListCategoriesRequest{})
			return a.GetCategories()[0].GetSlug(), err
		},
		"variants": func(ctx context.Context) (string, error) {
			a, err := c.GetVariants(ctx, &catalogv1.GetVariantsRequest{Skus: []string{"SKU-mug"}})
			return a.GetVariants()[0].GetProductTitle(), err
		},
	}
	for part, read := range reads {
		ctx, _ := lastgood.WithMark(t.Context())
		o.fails(nil)
		good, err := read(ctx)
		if err != nil || lastgood.Used(ctx) {
			t.Fatalf("%s: %v", part, err)
		}
		o.fails(away)
		before := counted(t, part)
		if lastAnswer, err := read(ctx); err != nil || lastAnswer != good || !lastgood.Used(ctx) {
			t.Errorf("%s: %q, %v; want %q", part, lastAnswer, err, good)
		}
		if counted(t, part) <= before {
			t.Errorf("%s was not counted", part)
		}
	}
	// A different question is not answered from the cache.
	ctx, _ := lastgood.WithMark(t.Context())
	if _, err := c.ListProducts(ctx, &catalogv1.ListProductsRequest{Query: "cup"}); status.Code(err) != codes.Unavailable {
		t.Errorf("a question that was never asked: %v", err)
	}
}

// counted returns the number of degraded answers for a part.
func counted(t *testing.T, part string) int64 {
	t.Helper()
	metrics, err := scrape.Own()
	if err != nil {
		t.Fatal(err)
	}
	return int64(metrics.Sum("souk_degraded_answers_total", "part", part))
}

func TestRequestsWithoutAMarkGetNoOldAnswer(t *testing.T) {
	t.Parallel()
	o := newOwner()
	c := remember(o)
	mustShow(t, c, "mug", "Mug", false)
	o.fails(away)
	if _, err := c.GetProduct(t.Context(), &catalogv1.GetProductRequest{IdOrSlug: "mug"}); status.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestAnswersOlderThanAnHourAreNotGiven(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		c := remember(o)
		mustShow(t, c, "mug", "Mug", false)
		o.fails(away)
		time.Sleep(time.Hour)
		if got := show(t.Context(), c, "mug"); got.age != time.Hour || got.err != nil {
			t.Errorf("after an hour: %+v", got)
		}
		time.Sleep(time.Second)
		if got := show(t.Context(), c, "mug"); status.Code(got.err) != codes.Unavailable || got.stale {
			t.Errorf("after an hour and a second: %+v", got)
		}
	})
}

func TestASlowCatalogIsWaitedForASecondAndItsLateAnswerIsCached(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		c := remember(o)
		mustShow(t, c, "mug", "Mug", false)
		o.set("mug", "New mug")
		o.does(func(context.Context) error {
			time.Sleep(3 * time.Second)
			return nil
		})
		start := time.Now()
		mustShow(t, c, "mug", "Mug", true)
		if took := time.Since(start); took != time.Second {
			t.Errorf("with an old answer it took %v", took)
		}
		time.Sleep(3 * time.Second)
		o.fails(away)
		mustShow(t, c, "mug", "New mug", true)
	})
}

// A request that goes through pages changes its request message while the call for the previous page continues.
func TestAContinuedCallKeepsItsQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		c := remember(o)
		in := &catalogv1.ListProductsRequest{Query: "mug"}
		ask := func() string {
			ctx, _ := lastgood.WithMark(t.Context())
			answer, err := c.ListProducts(ctx, in)
			if err != nil || len(answer.GetProducts()) != 1 {
				t.Fatalf("%v, %v", answer, err)
			}
			return answer.GetProducts()[0].GetProduct().GetTitle()
		}
		ask()
		o.does(func(context.Context) error {
			time.Sleep(3 * time.Second)
			return nil
		})
		ask()
		in.Query = "cup"
		time.Sleep(3 * time.Second)
		o.fails(away)
		in.Query = "mug"
		if title := ask(); title != "Mug" {
			t.Errorf("the mug is a %s", title)
		}
	})
}

func TestASlowCatalogIsWaitedForIfNothingIsCached(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		c := remember(o)
		o.does(func(context.Context) error {
			time.Sleep(3 * time.Second)
			return nil
		})
		mustShow(t, c, "mug", "Mug", false)
		o.hangs()
		start := time.Now()
		if got := show(t.Context(), c, "cup"); status.Code(got.err) != codes.DeadlineExceeded || time.Since(start) != 5*time.Second {
			t.Errorf("%+v after %v", got, time.Since(start))
		}
	})
}

func TestARequestWaitsForASlowCatalogOnlyOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		c := remember(o)
		mustShow(t, c, "mug", "Mug", false)
		mustShow(t, c, "cup", "Cup", false)
		o.hangs()
		start := time.Now()
		ctx, _ := lastgood.WithMark(t.Context())
		for _, id := range []string{"mug", "cup"} {
			if answer, err := c.GetProduct(ctx, &catalogv1.GetProductRequest{IdOrSlug: id}); err != nil || answer.GetProduct().GetId() != id {
				t.Errorf("%v, %v", answer, err)
			}
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("both took %v", took)
		}
		time.Sleep(5 * time.Second) // until the call is over
	})
}

func TestVariantsAreCachedBySKU(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		c := remember(o)
		ask := func(skus ...string) (*catalogv1.GetVariantsResponse, time.Duration, error) {
			ctx, mark := lastgood.WithMark(t.Context())
			answer, err := c.GetVariants(ctx, &catalogv1.GetVariantsRequest{Skus: skus})
			age, _ := mark.Age()
			return answer, age, err
		}
		for _, skus := range [][]string{{"SKU-mug", "GONE"}, {"SKU-cup", "OLD-cup"}} {
			if _, _, err := ask(skus...); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		o.fails(away)
		answer, age, err := ask("SKU-cup", "GONE", "OLD-cup", "SKU-mug")
		if err != nil || age != 2*time.Minute || len(answer.GetVariants()) != 2 || answer.GetVariants()[0].GetProductTitle() != "Cup" ||
			answer.GetVariants()[1].GetProductTitle() != "Mug" || len(answer.GetWithdrawn()) != 1 || answer.GetWithdrawn()[0].GetProductTitle() != "Cup" {
			t.Errorf("%v, as old as its oldest part: %v, %v", answer, age, err)
		}
		if answer, _, err := ask("SKU-cup", "NEVER-ASKED"); status.Code(err) != codes.Unavailable {
			t.Errorf("a cart with a SKU that is not cached: %v, %v", answer, err)
		}
	})
}
