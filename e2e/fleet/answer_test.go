package fleet

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"souk/e2e/shop"
)

// answer is what a shopper got.
type answer struct {
	shopper      int
	what         string // was asked
	safe         bool   // to ask again
	began, ended time.Time
	// wrong is what the shopper noticed; empty for a good answer.
	wrong string
}

// judge says what is wrong with an answer. A card that is declined and goods that are gone are honest answers; old news and
// an unknown availability are not what was asked for.
func (a *answer) judge(resp *shop.Response, err error) {
	switch {
	case err != nil:
		a.wrong = err.Error()
	case resp.Status >= 300 && !honest(resp):
		a.wrong = fmt.Sprintf("%d %s", resp.Status, resp.Body)
	case strings.HasPrefix(resp.Header.Get("Warning"), "110"):
		a.wrong = "stale"
	case strings.Contains(string(resp.Body), `"availability":"unknown"`):
		a.wrong = "availability unknown"
	}
}

func honest(resp *shop.Response) bool {
	var problem shop.Problem
	if json.Unmarshal(resp.Body, &problem) != nil {
		return false
	}
	return resp.Status == http.StatusPaymentRequired ||
		resp.Status == http.StatusConflict && (problem.Code == "out_of_stock" || problem.Code == "price_changed")
}

func (a answer) took() time.Duration { return a.ended.Sub(a.began) }

func (a answer) String() string {
	return fmt.Sprintf("%s shopper %d: %s, after %.2f s: %s", a.began.UTC().Format("15:04:05.000"), a.shopper, a.what, a.took().Seconds(), a.wrong)
}

type answers []answer

// only returns those that are wanted.
func (all answers) only(wanted func(answer) bool) answers {
	var some answers
	for _, a := range all {
		if wanted(a) {
			some = append(some, a)
		}
	}
	return some
}

func (all answers) failed() answers { return all.only(func(a answer) bool { return a.wrong != "" }) }

func (all answers) slowest() time.Duration {
	var slowest time.Duration
	for _, a := range all {
		slowest = max(slowest, a.took())
	}
	return slowest
}

// Of what went wrong, so much is shown.
const shown = 10

// refuse fails the test for each of them.
func (all answers) refuse(t *testing.T) {
	t.Helper()
	for i, a := range all {
		if i == shown {
			t.Errorf("and %d more", len(all)-shown)
			return
		}
		t.Error(a)
	}
}
