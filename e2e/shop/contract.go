package shop

import (
	"fmt"
	"net/http"
	"os"
	"sync"

	"souk/testkit/contract"
)

// Held holds every answer to next's requests against openapi.yaml. A request whose answer is not listed there fails, and so does
// the test binary, by Verdict.
func Held(next http.RoundTripper) http.RoundTripper {
	return contract.Transport(next, violated)
}

// HeldTo is like Held, for a gateway whose contract is not today's.
func HeldTo(c *contract.Contract, next http.RoundTripper) http.RoundTripper {
	return c.Transport(next, violated)
}

func violated(err error) error {
	violations.Lock()
	defer violations.Unlock()
	violations.found[err.Error()]++
	return err
}

// violations are those that were found in this process, with how often each was.
var violations = struct {
	sync.Mutex
	found map[string]int
}{found: map[string]int{}}

// Verdict returns the code for a test binary to exit with, given that of its tests: 1 if any answer was not listed in openapi.yaml.
// Tests that kill parts of the shop put up with requests that fail, but never with such an answer.
func Verdict(code int) int {
	violations.Lock()
	defer violations.Unlock()
	for violation, times := range violations.found {
		fmt.Fprintf(os.Stderr, "%d times: %s\n", times, violation)
		code = 1
	}
	return code
}
