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
	// requestID is what the logs call it, if something is wrong.
	requestID string
}

// judge says what is wrong with an answer. A card that is declined and goods that are gone are honest answers; old news and
// an unknown availability are not what was asked for.
func (a *answer) judge(resp *shop.Response, err error) {
	var problem shop.Problem
	if err == nil && resp.Status >= 300 {
		_ = json.Unmarshal(resp.Body, &problem) // what is no problem has no code
	}
	switch {
	case err != nil:
		a.wrong = err.Error()
	case resp.Status >= 300 && !honest(resp.Status, problem.Code):
		a.wrong, a.requestID = fmt.Sprintf("%d %s", resp.Status, resp.Body), problem.RequestID
	case strings.HasPrefix(resp.Header.Get("Warning"), "110"):
		a.wrong = "stale"
	case strings.Contains(string(resp.Body), `"availability":"unknown"`):
		a.wrong = "availability unknown"
	}
}

func honest(status int, code string) bool {
	return status == http.StatusPaymentRequired || status == http.StatusConflict && (code == "out_of_stock" || code == "price_changed")
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

// refuse fails the test for each of them, with what was logged about it.
func (all answers) refuse(t *testing.T) {
	t.Helper()
	for i, a := range all {
		if i == shown {
			t.Errorf("and %d more", len(all)-shown)
			return
		}
		logged := live.Logged(func(line string) bool { return a.requestID != "" && strings.Contains(line, a.requestID) })
		t.Errorf("%v\n%s", a, strings.Join(logged, "\n"))
	}
}
