package edge

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

// pages returns an edge that allows pages of these origins.
func pages(t *testing.T, origins ...string) http.Handler {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	o := Origins(origins)
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	router, err := NewRouter(nil, Options{Logger: logger}, pass)
	if err != nil {
		t.Fatal(err)
	}
	router.HandlePublic("GET /openapi.yaml", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	return Wrap(o.Allow(o.Protect(router, logger), router.Public), logger, noRequestLog())
}

func TestPagesOfUnlistedOriginsMayNotWrite(t *testing.T) {
	t.Parallel()
	handler := pages(t, "https://shop.example")
	for name, test := range map[string]struct {
		method string
		header map[string]string
		passes bool
	}{
		"no browser":                {"POST", nil, true},
		"our own page":              {"POST", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://example.com"}, true},
		"the address bar":           {"POST", map[string]string{"Sec-Fetch-Site": "none"}, true},
		"our own page, old browser": {"POST", map[string]string{"Origin": "http://example.com"}, true},
		"another page":              {"POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, false},
		"another page, old browser": {"POST", map[string]string{"Origin": "https://evil.example"}, false},
		"a neighbor's page":         {"POST", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://a.example.com"}, false},
		"a page without origin":     {"POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "null"}, false},
		"a listed page":             {"POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example"}, true},
		"a listed page, other port": {"POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example:8443"}, false},
		"another page that reads":   {"GET", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := map[string]string{"POST": "/v1/carts", "GET": "/v1/products"}[test.method]
			a := serve(t, handler, request{method: test.method, path: path, header: test.header})
			if test.passes {
				a.mustPass(t)
			} else {
				a.mustBe(t, http.StatusForbidden, "forbidden", "")
			}
		})
	}
}

func TestListedPagesMayRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		listed []string
		origin string
		allow  string
		vary   bool
	}{
		"nobody is listed": {nil, "https://shop.example", "", false},
		"listed":           {[]string{"https://shop.example", "http://127.0.0.1:3000"}, "http://127.0.0.1:3000", "http://127.0.0.1:3000", true},
		"not listed":       {[]string{"https://shop.example"}, "https://evil.example", "", true},
		"alike":            {[]string{"https://shop.example"}, "https://shop.example.evil.example", "", true},
		"no page":          {[]string{"https://shop.example"}, "", "", true},
		"null":             {[]string{"https://shop.example"}, "null", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := map[string]string{}
			if test.origin != "" {
				header["Origin"] = test.origin
			}
			// The page must be able to read problems too.
			for _, path := range []string{"/v1/orders", "/v1/nothing"} {
				a := serve(t, pages(t, test.listed...), request{method: "GET", path: path, header: header})
				if got := a.header.Get("Access-Control-Allow-Origin"); got != test.allow {
					t.Errorf("%s allows %q, want %q", path, got, test.allow)
				}
				if got := a.header.Get("Access-Control-Allow-Credentials"); got != "" {
					t.Errorf("%s allows credentials: %q", path, got)
				}
				if vary := strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Origin"); vary != test.vary {
					t.Errorf("%s has Vary %v", path, a.header.Values("Vary"))
				}
			}
		})
	}
}

func TestAPreflightIsAnswered(t *testing.T) {
	t.Parallel()
	preflight := func(origin, method string) reply {
		return serve(t, pages(t, "https://shop.example"), request{method: "OPTIONS", path: "/v1/orders", header: map[string]string{
			"Origin": origin, "Access-Control-Request-Method": method,
			"Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
		}})
	}
	a := preflight("https://shop.example", "POST")
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "https://shop.example", "Access-Control-Allow-Methods": "POST",
		"Access-Control-Allow-Headers": "authorization,content-type,idempotency-key", "Access-Control-Max-Age": "600",
		"Access-Control-Allow-Credentials": "",
	} {
		if got := a.header.Get(name); a.status != http.StatusNoContent || got != want {
			t.Errorf("answered %d with %s %q, want %q", a.status, name, got, want)
		}
	}
	for _, refused := range []reply{preflight("https://evil.example", "POST"), preflight("https://shop.example", "TRACE")} {
		if got := refused.header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("allows %q", got)
		}
	}
}

// reads are requests that pages of any origin may send. GET /openapi.yaml is registered as in the real gateway.
var reads = []string{"/.well-known/jwks.json", "/v1/products", "/v1/products/kettle", "/v1/products?q=tea", "/v1/categories", "/v1/products/suggestions?q=tea", "/openapi.yaml"}

func TestPagesOfEveryOriginMayReadPublicResources(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		listed []string
		origin string
	}{
		"nobody is listed": {nil, "https://other.example"},
		"not listed":       {[]string{"https://shop.example"}, "https://other.example"},
		"listed":           {[]string{"https://shop.example"}, "https://shop.example"},
		"a file":           {nil, "null"},
		// A cache may give this answer to a page later.
		"no page": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler := pages(t, test.listed...)
			header := map[string]string{"Sec-Fetch-Site": "cross-site"}
			if test.origin != "" {
				header["Origin"] = test.origin
			}
			for _, path := range reads {
				for _, method := range []string{"GET", "HEAD"} {
					a := serve(t, handler, request{method: method, path: path, header: header})
					if got := a.header.Values("Access-Control-Allow-Origin"); len(got) != 1 || got[0] != "*" {
						t.Errorf("%s %s allows %q, want *", method, path, got)
					}
					if got := a.header.Get("Access-Control-Allow-Credentials"); got != "" {
						t.Errorf("%s %s allows credentials", method, path)
					}
					if vary := strings.Join(a.header.Values("Vary"), ","); strings.Contains(vary, "Origin") {
						t.Errorf("%s %s has Vary %q: the answer is the same for all", method, path, vary)
					}
					if got := a.header.Get("Access-Control-Expose-Headers"); !strings.Contains(got, "ETag") {
						t.Errorf("%s %s shows %q", method, path, got)
					}
				}
			}
		})
	}
}

func TestPreflightsForPublicResourcesAreAllowed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path, origin, method, headers string
		allow                         string
	}{
		"a read":                      {"/v1/products/kettle", "https://other.example", "GET", "if-none-match", "*"},
		"keys":                        {"/.well-known/jwks.json", "https://other.example", "GET", "", "*"},
		"with a token":                {"/v1/products", "https://other.example", "GET", "authorization", ""},
		"with a token, listed":        {"/v1/products", "https://shop.example", "GET", "authorization", "https://shop.example"},
		"a change":                    {"/v1/products/kettle", "https://other.example", "PATCH", "if-match", ""},
		"a change, listed":            {"/v1/products/kettle", "https://shop.example", "PATCH", "if-match", "https://shop.example"},
		"a customer's":                {"/v1/orders", "https://other.example", "GET", "", ""},
		"a guest's cart":              {"/v1/carts/x", "https://other.example", "GET", "", ""},
		"a page of ours":              {"/docs", "https://other.example", "GET", "", ""},
		"nothing":                     {"/v1/nothing", "https://other.example", "GET", "", ""},
		"what looks like a read only": {"/v1/products", "https://other.example", "get", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := map[string]string{"Origin": test.origin, "Access-Control-Request-Method": test.method}
			if test.headers != "" {
				header["Access-Control-Request-Headers"] = test.headers
			}
			a := serve(t, pages(t, "https://shop.example"), request{method: "OPTIONS", path: test.path, header: header})
			if got := a.header.Get("Access-Control-Allow-Origin"); got != test.allow {
				t.Errorf("allows %q, want %q", got, test.allow)
			}
			if got := a.header.Get("Access-Control-Allow-Credentials"); got != "" {
				t.Errorf("allows credentials")
			}
			if vary := strings.Join(a.header.Values("Vary"), ","); !strings.Contains(vary, "Origin") {
				t.Errorf("Vary %q: another origin has another answer", vary)
			}
		})
	}
}

func TestProblemsOfPublicReadsMayBeReadToo(t *testing.T) {
	t.Parallel()
	logger, limits := slog.New(slog.DiscardHandler), newTestLimits(t)
	router, err := NewRouter(nil, Options{Limits: limits, Logger: logger}, pass)
	if err != nil {
		t.Fatal(err)
	}
	handler := Wrap(Origins{}.Allow(limits.Wrap(router, logger), router.Public), logger, noRequestLog())
	var a reply
	for range 1000 {
		if a = serve(t, handler, request{method: "GET", path: "/v1/products"}); a.status == http.StatusTooManyRequests {
			break
		}
	}
	a.mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
	if a.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "Retry-After") {
		t.Errorf("the page of another origin cannot read it: %v", a.header)
	}
}

func TestInvalidOriginsAreRefused(t *testing.T) {
	t.Parallel()
	for origin, ok := range map[string]bool{
		"https://shop.example": true, "http://127.0.0.1:3000": true, "https://[2001:db8::1]:8443": true,
		"*": false, "": false, "null": false, "shop.example": false, "https://shop.example/": false, "https://*.shop.example": false,
		"https://Shop.example": false, "https://shop.example?x": false,
	} {
		if err := (Origins{origin}).Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", origin, err)
		}
	}
}

func TestOnlyWhatTakesTheCodeOfASignInTakesItsCookie(t *testing.T) {
	t.Parallel()
	allowed := func(origin, method, path string) string {
		header := map[string]string{"Origin": origin}
		if method == "OPTIONS" {
			header["Access-Control-Request-Method"] = "POST"
		}
		return serve(t, pages(t, "https://shop.example"), request{method: method, path: path, header: header}).header.Get("Access-Control-Allow-Credentials")
	}
	for _, method := range []string{"OPTIONS", "POST"} {
		for _, path := range []string{"/v1/sessions", "/v1/me/identities"} {
			if got := allowed("https://shop.example", method, path); got != "true" {
				t.Errorf("%s %s: %q", method, path, got)
			}
			if got := allowed("https://evil.example", method, path); got != "" {
				t.Errorf("%s %s allows a page that is not listed: %q", method, path, got)
			}
		}
		for _, path := range []string{"/v1/orders", "/v1/sessions/refresh", "/v1/me"} {
			if got := allowed("https://shop.example", method, path); got != "" {
				t.Errorf("%s %s: %q", method, path, got)
			}
		}
	}
}
