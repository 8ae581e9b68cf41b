package edge

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
)

const (
	rateLimitHeader       = "RateLimit"
	rateLimitPolicyHeader = "RateLimit-Policy"
)

// note writes the state of the limit to the header of the answer, unless the header already contains a limit with fewer
// requests left (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/).
func (q quota) note(h http.Header) {
	left := int(q.left)
	if q.wait == 0 && left >= noted(h) {
		return
	}
	refill := q.limit.refill()
	whole := (float64(q.limit.burst) - q.left) / float64(q.limit.perSecond)
	h.Set(rateLimitPolicyHeader, fmt.Sprintf("%q;q=%d;w=%d", q.limit.name, q.limit.burst, int(math.Ceil(refill.Seconds()))))
	h.Set(rateLimitHeader, fmt.Sprintf("%q;r=%d;t=%d", q.limit.name, left, int(math.Ceil(whole))))
}

// noted returns the number of requests left according to the header.
func noted(h http.Header) int {
	_, after, _ := strings.Cut(h.Get(rateLimitHeader), ";r=")
	number, _, _ := strings.Cut(after, ";")
	left, err := strconv.Atoi(number)
	if err != nil {
		return math.MaxInt
	}
	return left
}
