package access_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"souk/e2e/access"
)

// auditEntry is an entry of the audit log.
type auditEntry struct {
	ID         string `json:"id"`
	Action     string `json:"action"`
	RecordedBy string `json:"recorded_by"`
	RequestID  string `json:"request_id"`
	Subject    struct{ Kind, ID string }
	Actor      struct{ Kind, ID, Via string }
}

// auditLog returns the entries of an actor, newest first.
func auditLog(t *testing.T, p *people, actor string) (entries []auditEntry) {
	t.Helper()
	for cursor := ""; ; {
		query := url.Values{"actor": {actor}, "limit": {"100"}, "cursor": {cursor}}
		if cursor == "" {
			query.Del("cursor")
		}
		got := send(t, http.MethodGet, "/v1/admin/audit?"+query.Encode(), bearer(p.account(staff).Token), nil)
		var page struct {
			Items      []auditEntry
			Away       []string
			NextCursor string `json:"next_cursor"`
		}
		if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.status != http.StatusOK {
			t.Fatalf("%d %s, %v", got.status, got.body, err)
		}
		entries = append(entries, page.Items...)
		if cursor = page.NextCursor; cursor == "" {
			return entries
		}
	}
}

// documented returns the actions that docs/audit-log.md names for each RPC.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/audit-log.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+/\\w+)` \\| (.*) \\|$").FindAllStringSubmatch(string(text), -1) {
		all[row[1]] = []string{}
		for _, action := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[2], -1) {
			all[row[1]] = append(all[row[1]], action[1])
		}
	}
	return all
}

// Every operation that only staff may use, and that changes something, leaves an entry with the employee, the request and the thing.
func TestEveryChangeByStaffIsInTheAuditLog(t *testing.T) {
	actions := documented(t)
	checked := 0
	for _, r := range tested(t) {
		if r.Who != access.Scoped || r.Method == http.MethodGet {
			continue
		}
		checked++
		t.Run(r.Name(), func(t *testing.T) {
			t.Parallel()
			p := newPeople(t)
			who := p.account(staff)
			req := r.prepare(p, who)
			got := r.send(p, req, who.Token)
			if !r.succeeded(got) {
				t.Fatalf("%d %s", got.status, got.body)
			}
			about := slices.Collect(func(yield func(string) bool) {
				for _, id := range req.ids {
					if !yield(id) {
						return
					}
				}
			})
			checkEntry(t, auditLog(t, p, who.id), got.header.Get("X-Request-Id"), actions[r.rpc], append(about, got.body))
		})
	}
	if checked < 8 {
		t.Errorf("only %d operations were looked at", checked)
	}
}

// checkEntry fails unless one of the actions was recorded for the request, about something that the request or the answer names.
func checkEntry(t *testing.T, log []auditEntry, request string, actions, about []string) {
	t.Helper()
	var seen []string
	for _, entry := range log {
		if entry.RequestID != request || !slices.Contains(actions, entry.Action) {
			seen = append(seen, entry.Action)
			continue
		}
		if entry.Actor.Kind != "staff" || entry.Actor.Via != "gateway" || entry.ID == "" || entry.RecordedBy == "" {
			t.Errorf("%+v", entry)
		}
		// An import answers with numbers alone.
		named := slices.ContainsFunc(about, func(text string) bool { return entry.Subject.ID != "" && strings.Contains(text, entry.Subject.ID) })
		theOnlyOnes := entry.Subject.Kind == "synonyms" && entry.Subject.ID == "all"
		if !named && !theOnlyOnes && entry.Action != "product_created" && entry.Action != "product_updated" {
			t.Errorf("%+v is not about %q", entry, about)
		}
		return
	}
	t.Errorf("no entry of the request %s with one of %q; the log has %q", request, actions, seen)
}
