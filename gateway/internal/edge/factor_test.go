package edge

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"souk/testkit/accesstest"
)

func TestAScopeThatWaitsForASecondFactorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	token := accesstest.WithheldToken(t, e.keys.private, keyID, "boss", "orders:read", "payments:write", time.Now().Add(time.Hour))
	header := map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Idempotency-Key": "k"}
	e.send(t, request{method: "GET", path: "/v1/admin/orders", header: header}).mustPass(t)
	e.send(t, request{method: "GET", path: "/v1/admin/staff", header: header}).mustBe(t, http.StatusForbidden, "forbidden", "")
	refused := e.send(t, request{method: "POST", path: "/v1/admin/orders/o1/refunds", header: header, body: strings.NewReader(`{}`)})
	refused.mustBe(t, http.StatusForbidden, "second_factor_required", "")
	if !strings.Contains(refused.problem.Detail, "POST /v1/me/second-factor") || !strings.Contains(refused.problem.Detail, "payments:write") {
		t.Errorf("%q does not say what to do", refused.problem.Detail)
	}
}
