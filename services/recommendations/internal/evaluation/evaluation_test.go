package evaluation_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"souk/services/recommendations/internal/evaluation"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

func file(lines ...string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(header + strings.Join(lines, "\n") + "\n")}
}

func TestOnlySalesOfProductsAreRead(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"2010-12-02.csv": file("3,10003,C,1,,1.00,,"),
		"2010-12-01.csv": file(
			"1,10001,A,2,,2.55,7.0,UK", "1,10002b,B,1,,0.85,7.0,UK", "1,10001,A,1,,2.55,7.0,UK", "1,POST,POSTAGE,1,,18.00,,", "C2,10001,A,-1,,2.55,,",
			"2,10001,A,-5,,2.55,,", "2,10002B,B,5,,0,,", "2,10003,C,x,,1.00,,", "2,10004,D,1,,1.00,,"),
		"README.md": {Data: []byte("not a file of invoices")},
	}
	got, err := evaluation.Read(files)
	want := []evaluation.Basket{
		{Invoice: "1", Day: "2010-12-01", Articles: []string{"10001", "10002B"}},
		{Invoice: "2", Day: "2010-12-01", Articles: []string{"10004"}},
		{Invoice: "3", Day: "2010-12-02", Articles: []string{"10003"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %v, %v; want %v", got, err, want)
	}
	if got := evaluation.Between(got, "2010-12-02", "2010-12-03"); len(got) != 1 || got[0].Invoice != "3" {
		t.Errorf("on the second day: %v", got)
	}
}

func TestAFileThatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"no invoices":           {},
		"no column StockCode":   {"a.csv": {Data: []byte("InvoiceNo,Quantity,UnitPrice\n")}},
		"a.csv: record on line": {"a.csv": file("1,10001")},
	} {
		if _, err := evaluation.Read(files); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEachQuestionHidesOneArticleOfABasket(t *testing.T) {
	t.Parallel()
	baskets := []evaluation.Basket{{Articles: []string{"a"}}, {Articles: []string{"a", "b"}}, {Articles: []string{"a", "b", "c", "d", "e"}}}
	asked := evaluation.Ask(baskets, 1)
	if len(asked.Carts) != 5 || len(asked.Pages) != 5 {
		t.Fatalf("%d and %d questions, want two about the second basket and three about the third", len(asked.Carts), len(asked.Pages))
	}
	for i, q := range asked.Carts {
		all := append(slices.Clone(q.Shown), q.Hidden)
		slices.Sort(all)
		if !slices.Equal(all, baskets[q.Basket].Articles) {
			t.Errorf("question %d of basket %d shows %v and hides %s", i, q.Basket, q.Shown, q.Hidden)
		}
		page := asked.Pages[i]
		if len(page.Shown) != 1 || page.Hidden != q.Hidden || !slices.Contains(q.Shown, page.Shown[0]) {
			t.Errorf("page %d shows %v and hides %s, of %v", i, page.Shown, page.Hidden, q)
		}
	}
	if !reflect.DeepEqual(evaluation.Ask(baskets, 1), asked) {
		t.Error("the same seed draws other questions")
	}
}

// always recommends the same.
type always []string

func (a always) Recommend([]string, int) []string { return a }

func TestHitsAreCountedWithTheirMargin(t *testing.T) {
	t.Parallel()
	questions := []evaluation.Question{{Basket: 1, Hidden: "a"}, {Basket: 1, Hidden: "b"}, {Basket: 2, Hidden: "a"}, {Basket: 2, Hidden: "c"}}
	one, none := evaluation.Measure(always{"a", "x"}, questions), evaluation.Measure(always{}, questions)
	// Each basket has one hit of two, so that the rate is the same whichever baskets are drawn.
	if rate, margin := one.Rate(); rate != 0.5 || margin != 0 || one.Recommended != 2 || one.Lists != 1 {
		t.Errorf("%v ± %v with %d articles in %d lists", rate, margin, one.Recommended, one.Lists)
	}
	if better, margin := one.Better(none); better != 0.5 || margin != 0 {
		t.Errorf("better by %v ± %v", better, margin)
	}
	// One basket has two hits and the other none: deviations of 1 and -1 of four questions.
	apart := evaluation.Measure(always{"a"}, []evaluation.Question{{Basket: 1, Hidden: "a"}, {Basket: 1, Hidden: "a"}, {Basket: 2}, {Basket: 2}})
	if rate, margin := apart.Rate(); rate != 0.5 || math.Abs(margin-1.96*math.Sqrt2/4) > 1e-9 {
		t.Errorf("%v ± %v", rate, margin)
	}
}

func TestThePopularIsWhatMostBasketsHave(t *testing.T) {
	t.Parallel()
	popular := evaluation.NewPopular([]evaluation.Basket{{Articles: []string{"c", "a"}}, {Articles: []string{"b", "a"}}, {Articles: []string{"b", "a"}}})
	if got := popular.Recommend([]string{"a"}, 1); !slices.Equal(got, []string{"b"}) {
		t.Errorf("beside a: %v", got)
	}
	if got := popular.Recommend(nil, 10); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("all: %v", got)
	}
}
