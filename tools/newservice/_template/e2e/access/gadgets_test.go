package access_test

import "net/http"

func gadget(p *people, a *account) string {
	p.t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	p.do(a, http.MethodPost, "/v1/gadgets", object{"title": "Thing"}, &made)
	return made.ID
}
