package observe

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"souk/deploy/observability"
)

// speed is how many times faster than the real rules those of the tests are. leastRange is the shortest time that a rule looks back:
// three samples, because a rate needs two.
const (
	speed      = 30
	leastRange = 15 * time.Second
)

var (
	lookBack = regexp.MustCompile(`\[(\d+[smhd])\]`)
	lasting  = regexp.MustCompile(`(?m)^( +for: )(\d+[smhd])$`)
	minutes  = regexp.MustCompile(`\b(\d+) \* 60\b`)
)

// shorten returns a file of rules with shorter times, and nothing else changed: how far expressions look back, how long they must hold,
// and limits in minutes. Limits in hours stay.
func shorten(t *testing.T, rules string) string {
	t.Helper()
	rules = lookBack.ReplaceAllStringFunc(rules, func(text string) string {
		return "[" + short(max(duration(t, strings.Trim(text, "[]"))/speed, leastRange)) + "]"
	})
	rules = lasting.ReplaceAllStringFunc(rules, func(text string) string {
		parts := lasting.FindStringSubmatch(text)
		return parts[1] + short(duration(t, parts[2])/speed)
	})
	return minutes.ReplaceAllString(rules, "$1 * "+fmt.Sprint(60/speed))
}

// duration reads a time as rules have it: of one unit.
func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	number, err := strconv.Atoi(text[:len(text)-1])
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(number) * units[text[len(text)-1]]
}

// short writes a time in seconds.
func short(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

func TestShorterRulesDifferInTimesAlone(t *testing.T) {
	t.Parallel()
	const before = "  expr: 'a[1h] > 5 * 60 and b[5m] < 12 * 3600 and c * 60000'\n  for: 15m\n  summary: 'for: 15m'\n"
	const after = "  expr: 'a[120s] > 5 * 2 and b[15s] < 12 * 3600 and c * 60000'\n  for: 30s\n  summary: 'for: 15m'\n"
	if got := shorten(t, before); got != after {
		t.Errorf("got\n%swant\n%s", got, after)
	}
}

// speedUp has Prometheus read the rules with shorter times.
func (w *watched) speedUp(t *testing.T) {
	t.Helper()
	names, err := fs.Glob(observability.Rules, "rules/*.yml")
	if err != nil || len(names) < 2 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, name := range names {
		content, err := observability.Rules.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.RulesDir(), filepath.Base(name)), []byte(shorten(t, string(content))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.prometheus.ask(t.Context(), http.MethodPost, "/-/reload", nil, nil); err != nil {
		t.Fatal(err)
	}
}
