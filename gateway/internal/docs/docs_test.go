package docs_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"souk/gateway/internal/docs"
)

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	docs.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

var link = regexp.MustCompile(`(?:src|href)="(/docs/[^"]+)"`)

func TestThePageHasAllThatItLinksTo(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/docs", "/docs/"} {
		page := get(t, path)
		if page.Code != http.StatusOK || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
			t.Fatalf("%s: %d, %s", path, page.Code, page.Header().Get("Content-Type"))
		}
		links := link.FindAllStringSubmatch(page.Body.String(), -1)
		if len(links) != 5 {
			t.Errorf("%s links to %v", path, links)
		}
		for _, found := range links {
			if linked := get(t, found[1]); linked.Code != http.StatusOK || linked.Body.Len() == 0 {
				t.Errorf("%s: %d", found[1], linked.Code)
			}
		}
	}
	if missing := get(t, "/docs/missing.js"); missing.Code != http.StatusNotFound {
		t.Errorf("a file that is not there: %d", missing.Code)
	}
}

func TestNoScriptIsInThePage(t *testing.T) {
	t.Parallel()
	page := get(t, "/docs/")
	if policy := page.Header().Get("Content-Security-Policy"); strings.Contains(policy, "script-src 'self' '") {
		t.Errorf("the policy allows more scripts than the shop's own: %s", policy)
	}
	if strings.Contains(page.Body.String(), "<script>") {
		t.Error("the page has a script that its policy does not allow")
	}
}
