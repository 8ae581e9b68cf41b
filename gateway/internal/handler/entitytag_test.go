package handler_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/platform/rpc"
)

const updateProduct = catalogv1.CatalogService_UpdateProduct_FullMethodName

func TestAClientWithTheCurrentVersionGets304(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	stock(s, map[string]int64{"MUG-S": 6, "MUG-L": 6})
	tag := s.send(t, guest, "GET", "/v1/products/mug", nil).header.Get("ETag")
	if len(tag) < 4 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		t.Fatalf("ETag %q", tag)
	}
	for _, has := range []string{tag, "W/" + tag, `"other", ` + tag, tag + `,"other"`, "*", ` W/"x" , W/` + tag} {
		r := s.send(t, guest, "GET", "/v1/products/mug", nil, "If-None-Match", has)
		if r.status != 304 || len(r.body) != 0 || r.header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d, %d bytes, ETag %s", has, r.status, len(r.body), r.header.Get("ETag"))
		}
	}
	for _, has := range []string{`"other"`, strings.Trim(tag, `"`), `"` + tag, tag + "x", `W/"7"`, `w/` + tag, `"*"`, `*, "other"`, ",", "garbage"} {
		s.send(t, guest, "GET", "/v1/products/mug", nil, "If-None-Match", has).mustBe(t, 200, "")
	}
	s.send(t, guest, "GET", "/v1/products/nothing", nil, "If-None-Match", "*").refused(t, 404, "not_found")
}

func TestTagsMayBeOnSeveralHeaderLines(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	stock(s, map[string]int64{"MUG-S": 6, "MUG-L": 6})
	on(s, updateProduct, returns[*catalogv1.UpdateProductRequest](&catalogv1.UpdateProductResponse{Product: mug()}))
	tag := s.send(t, guest, "GET", "/v1/products/mug", nil).header.Get("ETag")
	for _, lines := range [][]string{{tag, `"other"`}, {`"other"`, tag}, {`"a", "b"`, `"c, d", ` + tag}} {
		s.sendLines(t, "GET", "", "If-None-Match", lines).mustBe(t, 304, "")
		s.sendLines(t, "PATCH", `{"title": "Cup"}`, "If-Match", lines).mustBe(t, 200, "")
	}
	s.sendLines(t, "GET", "", "If-None-Match", []string{`"a"`, `"b"`}).mustBe(t, 200, "")
	s.sendLines(t, "PATCH", `{"title": "Cup"}`, "If-Match", []string{`"a"`, `"b"`}).refused(t, 412, "precondition_failed")
}

// sendLines sends a request about the mug as staff, with a header field on several lines.
func (s *shop) sendLines(t *testing.T, method, body, name string, lines []string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+"/v1/products/p1", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header[name] = lines
	req.Header.Set("Authorization", "Bearer "+s.token(t, staff))
	req.Header.Set("Content-Type", "application/json")
	return s.do(t, req)
}

func TestTheTagChangesWithTheVisibleContent(t *testing.T) {
	t.Parallel()
	s := open(t)
	product := mug()
	sell(s, product)
	seen := map[string]string{}
	look := func(why string) {
		t.Helper()
		tag := s.send(t, guest, "GET", "/v1/products/mug", nil).header.Get("ETag")
		if before := seen[tag]; before != "" {
			t.Errorf("%s has the tag of %s", why, before)
		}
		seen[tag] = why
	}
	stock(s, map[string]int64{"MUG-S": 6, "MUG-L": 6})
	look("the product")
	stock(s, map[string]int64{"MUG-S": 3, "MUG-L": 6})
	look("the product when some ran low")
	s.fail(getLevels, status.Error(codes.Unavailable, "away"))
	look("the product without inventory")
	product.Version++
	look("its next version")
}

func TestAnInvisibleChangeOfTheLevelKeepsTheTag(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	stock(s, map[string]int64{"MUG-S": 60, "MUG-L": 60})
	first := s.send(t, guest, "GET", "/v1/products/mug", nil).header.Get("ETag")
	stock(s, map[string]int64{"MUG-S": 59, "MUG-L": 61})
	s.send(t, guest, "GET", "/v1/products/p1", nil, "If-None-Match", first).mustBe(t, 304, "")
}

func TestIfMatchSelectsTheVersionToChange(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	stock(s, map[string]int64{"MUG-S": 6, "MUG-L": 6})
	var asked *catalogv1.UpdateProductRequest
	on(s, updateProduct, func(_ context.Context, req *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductResponse, error) {
		asked = req
		changed := mug()
		changed.Version = 8
		return &catalogv1.UpdateProductResponse{Product: changed}, nil
	})
	tag := s.send(t, guest, "GET", "/v1/products/mug", nil).header.Get("ETag")
	r := s.send(t, staff, "PATCH", "/v1/products/p1", `{"title": "Cup"}`, "If-Match", tag)
	r.mustBe(t, 200, "")
	if asked.GetId() != "p1" || asked.GetVersion() != 7 || asked.GetTitle() != "Cup" {
		t.Errorf("asked %v", asked)
	}
	if next := r.header.Get("ETag"); next == tag || next != s.etagOf(t, 8) {
		t.Errorf("ETag %s after %s", next, tag)
	}
	s.send(t, staff, "PATCH", "/v1/products/p1", `{"title": "Cup"}`, "If-Match", "*").mustBe(t, 200, "")
	if asked.GetVersion() != 0 {
		t.Errorf("* became version %d", asked.GetVersion())
	}
	asked = nil
	for _, match := range []string{
		`"p1.x.1"`, `"p1.0.1"`, `"p1.-7.1"`, `W/` + tag, `"p1.99999999999999999999.1"`, `"7-0123456789abcdef"`, "garbage", ",", `"*"`,
		strings.Replace(tag, "p1", "p2", 1), `W/` + tag + `, "other"`, tag + `x, "other"`,
	} {
		s.send(t, staff, "PATCH", "/v1/products/p1", `{"title": "Cup"}`, "If-Match", match).refused(t, 412, "precondition_failed")
	}
	s.send(t, staff, "PATCH", "/v1/products/p1", `{"title": "Cup"}`).refused(t, 428, "precondition_required")
	// A tag is valid for its product only, not for another one with the same version.
	other := mug()
	other.Id, other.Slug = "p2", "cup"
	sell(s, mug(), other)
	s.send(t, staff, "PATCH", "/v1/products/p2", `{"title": "Cup"}`, "If-Match", tag).refused(t, 412, "precondition_failed")
	s.send(t, staff, "PATCH", "/v1/products/p3", `{"title": "Cup"}`, "If-Match", tag).refused(t, 404, "not_found")
	s.send(t, staff, "PATCH", "/v1/products/mug", `{"title": "Cup"}`, "If-Match", tag).refused(t, 404, "not_found")
	if asked != nil {
		t.Errorf("catalog was asked %v", asked)
	}
	s.fail(updateProduct, rpc.Error(codes.Aborted, catalogv1.ErrorReason_ERROR_REASON_VERSION_MISMATCH, "the product has changed"))
	s.send(t, staff, "PATCH", "/v1/products/p1", `{"title": "Cup"}`, "If-Match", tag).refused(t, 412, "precondition_failed")
}

func TestIfMatchMayNameSeveralVersions(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	stock(s, map[string]int64{"MUG-S": 6, "MUG-L": 6})
	var asked *catalogv1.UpdateProductRequest
	on(s, updateProduct, func(_ context.Context, req *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductResponse, error) {
		asked = req
		return &catalogv1.UpdateProductResponse{Product: mug()}, nil
	})
	tag := s.send(t, guest, "GET", "/v1/products/mug", nil).header.Get("ETag")
	for _, match := range []string{
		`"p1.9.0", ` + tag, tag + `, "p1.9.0"`, `"p2.9.0",` + tag, `W/"p1.8.0" , ` + tag, `"9-0", ` + tag, tag + "," + tag,
		`"p1.1.0","p1.2.0", "p1.9.0",` + tag, `garbage, ` + tag, `"a, b" , ` + tag, "," + tag + ",",
	} {
		asked = nil
		s.send(t, staff, "PATCH", "/v1/products/p1", `{"title": "Cup"}`, "If-Match", match).mustBe(t, 200, "")
		if asked.GetVersion() != 7 {
			t.Errorf("If-Match %s became version %d", match, asked.GetVersion())
		}
	}
	asked = nil
	s.send(t, staff, "PATCH", "/v1/products/p1", `{"title": "Cup"}`, "If-Match", `"p1.9.0", "p1.8.0"`).refused(t, 412, "precondition_failed")
	if asked != nil {
		t.Errorf("catalog was asked %v", asked)
	}
}

// etagOf returns the tag of the mug at a version.
func (s *shop) etagOf(t *testing.T, version int64) string {
	t.Helper()
	product := mug()
	product.Version = version
	sell(s, product)
	return s.send(t, guest, "GET", "/v1/products/mug", nil).header.Get("ETag")
}
