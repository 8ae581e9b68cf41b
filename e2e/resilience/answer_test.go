package resilience

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"souk/e2e/shop"
)

// The words of the table, as its legend explains them. A cell may have several.
const (
	works       = "works"
	stale       = "stale"
	unknown     = "unknown"
	noParcels   = "no parcels"
	noneBought  = "no recommendations"
	unavailable = "503"
	failed      = "error"
	pending     = "pending"
	later       = "later"
)

var words = []string{works, stale, unknown, noParcels, noneBought, unavailable, failed, pending, later}

// How long an answer may take that a word stands for; one with several words, as long as all of them.
var limits = map[string]time.Duration{
	works: 3 * time.Second, stale: 2 * time.Second, unknown: 2 * time.Second, noParcels: 6 * time.Second, noneBought: 2 * time.Second,
	unavailable: 6 * time.Second, failed: 6 * time.Second, pending: 8 * time.Second, later: 11 * time.Second,
}

// How long what orders works on may take to be unavailable: as long as it may take at all.
var orderLimits = map[string]time.Duration{"checkout": 16 * time.Second, "cancel": 11 * time.Second, "dispatch": 11 * time.Second}

// limitOf is how long an answer to a journey may take by what its cell says.
func limitOf(journey, cell string) time.Duration {
	if limit, ok := orderLimits[journey]; ok && slices.Contains([]string{unavailable, failed, later}, cell) {
		return limit
	}
	var limit time.Duration
	for word := range strings.SplitSeq(cell, ", ") {
		limit += limits[word]
	}
	return limit
}

// answer is what a request was answered with, and when.
type answer struct {
	*shop.Response
	took time.Duration
}

// wordsOf says what an answer amounts to. fresh is what a well shop answers, nil where that is never the same twice. An
// error means that the answer is none that the shop may give.
func (a answer) wordsOf(fresh *shop.Response) ([]string, error) {
	switch {
	case a.Status == http.StatusServiceUnavailable:
		return []string{unavailable}, a.wantProblem("unavailable")
	case a.Status == http.StatusInternalServerError:
		return []string{failed}, a.wantProblem("internal")
	case a.Status == http.StatusAccepted:
		if a.Header.Get("Location") == "" {
			return nil, fmt.Errorf("202 without a Location: %s", a.Body)
		}
		return []string{pending}, nil
	case a.Status >= 300:
		return nil, fmt.Errorf("%d %s", a.Status, a.Body)
	}
	if a.lacksAll(fresh) {
		return []string{noneBought}, nil
	}
	if err := a.sameAs(fresh); err != nil {
		return nil, err
	}
	return a.degradation(fresh)
}

// lacksAll reports whether an answer is an empty list and the fresh one is not. Of all lists, only recommendations may be.
func (a answer) lacksAll(fresh *shop.Response) bool {
	return fresh != nil && string(bytes.TrimSpace(a.Body)) == `{"items":[]}` && len(fresh.Body) > len(a.Body)
}

// degradation says in what a good answer is less than usual.
func (a answer) degradation(fresh *shop.Response) ([]string, error) {
	var degraded []string
	if warning := a.Header.Get("Warning"); warning != "" {
		if age, err := strconv.Atoi(a.Header.Get("Age")); !strings.HasPrefix(warning, "110 ") || err != nil || age < 0 {
			return nil, fmt.Errorf("Warning %q and Age %q, want 110 and seconds", warning, a.Header.Get("Age"))
		}
		degraded = append(degraded, stale)
	}
	if bytes.Contains(a.Body, []byte(`"availability":"unknown"`)) {
		degraded = append(degraded, unknown)
	}
	if fresh != nil && parcels(a.Body) < parcels(fresh.Body) {
		degraded = append(degraded, noParcels)
	}
	if degraded == nil {
		degraded = []string{works}
	}
	return degraded, nil
}

func parcels(body []byte) int { return bytes.Count(body, []byte(`"tracking_number"`)) }

func (a answer) wantProblem(code string) error {
	var problem shop.Problem
	if err := a.Decode(&problem); err != nil {
		return err
	}
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if problem.Code != code || problem.RequestID == "" || code == "unavailable" && (err != nil || seconds < 1) {
		return fmt.Errorf("%d %s with Retry-After %q", a.Status, a.Body, a.Header.Get("Retry-After"))
	}
	return nil
}

// sameAs compares an answer with a fresh one, except for what may be missing from it.
func (a answer) sameAs(fresh *shop.Response) error {
	if fresh == nil {
		return nil
	}
	var got, want any
	if err := a.Decode(&got); err != nil {
		return err
	}
	if err := fresh.Decode(&want); err != nil {
		return err
	}
	if got, want = lasting(got), lasting(want); !reflect.DeepEqual(got, want) {
		one, _ := json.Marshal(got)
		other, _ := json.Marshal(want)
		return fmt.Errorf("the answer is %s, and when all is well %s", one, other)
	}
	return nil
}

// lasting returns JSON without availability and parcels, which come and go.
func lasting(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "availability")
		delete(v, "shipments")
		for name, value := range v {
			v[name] = lasting(value)
		}
	case []any:
		for i, value := range v {
			v[i] = lasting(value)
		}
	}
	return v
}

// cellOf joins words as the table has them.
func cellOf(all []string) string {
	var said []string
	for _, word := range words {
		if slices.Contains(all, word) {
			said = append(said, word)
		}
	}
	if len(said) > 1 && said[0] == works {
		said = said[1:] // what works besides is not worth a word
	}
	return strings.Join(said, ", ")
}
