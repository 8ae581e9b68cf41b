package handler_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	auditv1 "souk/proto/gen/souk/audit/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/handler"
)

// auditLog is the audit log of a service, newest first.
type auditLog struct {
	entries []*auditv1.AuditEntry
	err     error
	asked   *auditv1.ListAuditEntriesRequest
}

func (l *auditLog) ListAuditEntries(_ context.Context, req *auditv1.ListAuditEntriesRequest, _ ...grpc.CallOption) (*auditv1.ListAuditEntriesResponse, error) {
	l.asked = req
	if l.err != nil {
		return nil, l.err
	}
	answer := &auditv1.ListAuditEntriesResponse{}
	for _, e := range l.entries {
		if before := req.GetBefore(); before != nil && order(e.GetAt(), e.GetId()) >= order(before.GetAt(), before.GetId()) {
			continue
		}
		if len(answer.GetEntries()) == int(req.GetLimit()) {
			answer.More = true
			break
		}
		answer.Entries = append(answer.Entries, e)
	}
	return answer, nil
}

// order returns a text that sorts like the positions of entries.
func order(at *timestamppb.Timestamp, id string) string {
	return fmt.Sprintf("%020d %s", at.AsTime().UnixNano(), id)
}

var start = time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)

// logsOf returns the logs of three services with n entries, some at the same time.
func logsOf(n int) map[string]*auditLog {
	logs := map[string]*auditLog{"catalog": {}, "inventory": {}, "orders": {}}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		log := logs[[]string{"catalog", "inventory", "orders"}[random.IntN(3)]]
		log.entries = append(log.entries, &auditv1.AuditEntry{
			Id: fmt.Sprintf("01992f3a-51c0-7a8e-b0e4-%012d", random.IntN(1000)*1000+i), At: timestamppb.New(start.Add(time.Duration(i/3) * time.Microsecond)),
			Action: "stock_adjusted",
		})
	}
	for _, log := range logs {
		slices.SortFunc(log.entries, func(a, b *auditv1.AuditEntry) int {
			return strings.Compare(order(b.GetAt(), b.GetId()), order(a.GetAt(), a.GetId()))
		})
	}
	return logs
}

func reader(logs map[string]*auditLog) *handler.Handler {
	clients := map[string]auditv1.AuditServiceClient{}
	for name, log := range logs {
		clients[name] = log
	}
	return handler.New(handler.Services{Audit: clients}, handler.Options{Logger: slog.New(slog.DiscardHandler)})
}

func auditPage(t *testing.T, h *handler.Handler, limit int32, cursor *string) api.AuditEntryList {
	t.Helper()
	answer, err := h.ListAuditEntries(t.Context(), api.ListAuditEntriesRequestObject{
		Params: api.ListAuditEntriesParams{Limit: &limit, Cursor: cursor},
	})
	if err != nil {
		t.Fatal(err)
	}
	return api.AuditEntryList(answer.(api.ListAuditEntries200JSONResponse))
}

// walk returns the IDs on all pages. between runs after each page.
func walk(t *testing.T, h *handler.Handler, limit int32, between func(page int, list api.AuditEntryList)) (ids []string) {
	t.Helper()
	return walkFrom(t, h, limit, nil, between)
}

// walkFrom returns the IDs on the pages from a cursor on.
func walkFrom(t *testing.T, h *handler.Handler, limit int32, cursor *string, between func(page int, list api.AuditEntryList)) (ids []string) {
	t.Helper()
	for page := 1; page <= 200; page++ {
		list := auditPage(t, h, limit, cursor)
		if len(list.Items) > int(limit) {
			t.Errorf("a page has %d entries, want %d at most", len(list.Items), limit)
		}
		for _, entry := range list.Items {
			ids = append(ids, entry.Id)
		}
		between(page, list)
		if cursor = list.NextCursor; cursor == nil {
			return ids
		}
	}
	t.Fatal("the pages do not end")
	return nil
}

func TestTheLogsOfAllServicesAreOneListNewestFirst(t *testing.T) {
	t.Parallel()
	logs := logsOf(100)
	var all []*auditv1.AuditEntry
	for _, log := range logs {
		all = append(all, log.entries...)
	}
	slices.SortFunc(all, func(a, b *auditv1.AuditEntry) int {
		return strings.Compare(order(b.GetAt(), b.GetId()), order(a.GetAt(), a.GetId()))
	})
	want := make([]string, len(all))
	for i, e := range all {
		want[i] = e.GetId()
	}
	for _, limit := range []int32{1, 7, 100} {
		got := walk(t, reader(logs), limit, func(_ int, list api.AuditEntryList) {
			if len(list.Away) != 0 {
				t.Errorf("away: %v", list.Away)
			}
		})
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %d entries, or in another order; want %d", limit, len(got), len(want))
		}
	}
}

func TestEntriesOfAServiceThatWasAwayComeOnALaterPage(t *testing.T) {
	t.Parallel()
	logs := logsOf(60)
	logs["inventory"].err = status.Error(codes.Unavailable, "away")
	got := walk(t, reader(logs), 10, func(page int, list api.AuditEntryList) {
		if want := logs["inventory"].err != nil; slices.Equal(list.Away, []string{"inventory"}) != want || list.Away == nil {
			t.Errorf("page %d: away %v", page, list.Away)
		}
		if page == 3 {
			logs["inventory"].err = nil
		}
	})
	slices.Sort(got)
	if len(slices.Compact(got)) != 60 || len(got) != 60 {
		t.Errorf("%d entries, want each of 60 once", len(got))
	}
}

// A client follows the cursors while a service is away all the time. Afterwards it repeats the last request.
func TestTheWalkEndsWhileAServiceIsAwayAndCanGoOnLater(t *testing.T) {
	t.Parallel()
	for name, missing := range map[string][]string{
		"one service": {"inventory"}, "two services": {"catalog", "inventory"}, "an empty log": {"catalog", "inventory", "orders"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logs := logsOf(60)
			for _, service := range missing {
				logs[service].err = status.Error(codes.Unavailable, "away")
			}
			logs["payments"] = &auditLog{} // answers, so that the page is not an error
			h := reader(logs)
			var last api.AuditEntryList
			var asked, next *string // the cursors of the last request and of its answer
			got := walk(t, h, 10, func(_ int, list api.AuditEntryList) {
				last, asked, next = list, next, list.NextCursor
			})
			if len(last.Items) != 0 || !slices.Equal(last.Away, missing) {
				t.Errorf("the last page has %d entries, away %v; want none, and %v", len(last.Items), last.Away, missing)
			}
			for _, service := range missing {
				logs[service].err = nil
			}
			got = append(got, walkFrom(t, h, 10, asked, func(int, api.AuditEntryList) {})...)
			slices.Sort(got)
			if len(slices.Compact(got)) != 60 || len(got) != 60 {
				t.Errorf("%d entries, want each of 60 once", len(got))
			}
		})
	}
}

func TestEntriesMadeMeanwhileDoNotDisturbThePages(t *testing.T) {
	t.Parallel()
	logs := logsOf(30)
	got := walk(t, reader(logs), 4, func(page int, _ api.AuditEntryList) {
		late := &auditv1.AuditEntry{Id: fmt.Sprintf("late-%d", page), At: timestamppb.New(start.Add(time.Hour))}
		for _, log := range logs {
			log.entries = slices.Insert(log.entries, 0, late)
		}
	})
	if len(got) != 30 {
		t.Errorf("%d entries, want the 30 that were there before", len(got))
	}
}

func TestTheLogFailsOnlyIfNoServiceAnswers(t *testing.T) {
	t.Parallel()
	logs := logsOf(3)
	for _, log := range logs {
		log.err = status.Error(codes.Unavailable, "away")
	}
	_, err := reader(logs).ListAuditEntries(t.Context(), api.ListAuditEntriesRequestObject{})
	if status.Code(err) != codes.Unavailable {
		t.Errorf("%v, want UNAVAILABLE", err)
	}
	// A service of the version before has no log.
	logs["orders"].err, logs["catalog"].err, logs["inventory"].err = nil, nil, status.Error(codes.Unimplemented, "unknown service")
	if list := auditPage(t, reader(logs), 10, nil); !slices.Equal(list.Away, []string{"inventory"}) {
		t.Errorf("away: %v", list.Away)
	}
	logs["orders"].err = status.Error(codes.InvalidArgument, "from is not a time")
	if _, err := reader(logs).ListAuditEntries(t.Context(), api.ListAuditEntriesRequestObject{}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("%v, want the error of the request", err)
	}
}

// IDs of two entries of the same time.
const (
	older = "01992f3a-51c0-7a8e-b0e4-000000000000"
	newer = "01992f3a-51c0-7a8e-b0e4-000000000001"
)

// cursorOf returns the cursor with this text.
func cursorOf(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func TestFiltersOfTheLogReachTheServices(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked *auditv1.ListAuditEntriesRequest
	on(s, auditv1.AuditService_ListAuditEntries_FullMethodName,
		func(_ context.Context, req *auditv1.ListAuditEntriesRequest) (*auditv1.ListAuditEntriesResponse, error) {
			asked = req
			return &auditv1.ListAuditEntriesResponse{More: true, Entries: []*auditv1.AuditEntry{{
				Id: newer, At: timestamppb.New(start), Action: "stock_adjusted", RequestId: "r1", Detail: map[string]string{"delta": "-2"},
				Subject: &auditv1.AuditSubject{Kind: "sku", Id: "MUG"},
				Actor:   &auditv1.AuditActor{Kind: auditv1.AuditActor_KIND_STAFF, Id: "ada", Service: "gateway", Address: "192.0.2.1/32"},
			}, {Id: older, At: timestamppb.New(start), Actor: &auditv1.AuditActor{Kind: auditv1.AuditActor_KIND_SERVICE, Id: "orders"}}}}, nil
		})
	r := s.send(t, staff, "GET", "/v1/admin/audit?actor=ada&action=stock_adjusted&subject=MUG&from=2026-11-28T10:00:00Z&to=2026-11-28T11:00:00%2B00:00&limit=2", nil)
	if asked.GetActor() != "ada" || asked.GetAction() != "stock_adjusted" || asked.GetSubject() != "MUG" || asked.GetLimit() != 2 ||
		!asked.GetFrom().AsTime().Equal(start) || !asked.GetTo().AsTime().Equal(start.Add(time.Hour)) || asked.GetBefore() != nil {
		t.Errorf("asked %v", asked)
	}
	next := cursorOf(`{"inventory":"2026-11-28T10:00:00Z ` + older + `"}`)
	r.mustBe(t, 200, `{"items": [
		{"id": "`+newer+`", "at": "2026-11-28T10:00:00Z", "action": "stock_adjusted", "recorded_by": "inventory", "request_id": "r1",
			"subject": {"kind": "sku", "id": "MUG"}, "detail": {"delta": "-2"},
			"actor": {"kind": "staff", "id": "ada", "via": "gateway", "address": "192.0.2.1/32"}},
		{"id": "`+older+`", "at": "2026-11-28T10:00:00Z", "action": "", "recorded_by": "inventory", "subject": {"kind": "", "id": ""}, "detail": {},
			"actor": {"kind": "service", "id": "orders"}}],
		"away": [], "next_cursor": "`+next+`"}`)
	s.send(t, staff, "GET", "/v1/admin/audit?cursor="+next, nil).mustBe(t, 200, "")
	if before := asked.GetBefore(); before.GetId() != older || !before.GetAt().AsTime().Equal(start) {
		t.Errorf("asked for what is before %v", before)
	}
}

func TestTheCursorOfTheLogHasPositionsThatServicesAccept(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked *auditv1.ListAuditEntriesRequest
	on(s, auditv1.AuditService_ListAuditEntries_FullMethodName,
		func(_ context.Context, req *auditv1.ListAuditEntriesRequest) (*auditv1.ListAuditEntriesResponse, error) {
			asked = req
			return &auditv1.ListAuditEntriesResponse{}, nil
		})
	for cursor, good := range map[string]bool{
		cursorOf(`{"inventory":"2026-11-28T10:00:00Z ` + older + `"}`):                  true,
		cursorOf(`{"inventory":"2026-11-28T10:00:00Z ` + strings.ToUpper(older) + `"}`): true,
		"x":                      false,
		"%20":                    false,
		cursorOf(`{`):            false,
		cursorOf(`{}`):           false,
		cursorOf(`{"inventory"`): false,
		cursorOf(`{"pets":"2026-11-28T10:00:00Z ` + older + `"}`):              false,
		cursorOf(`{"inventory":"now"}`):                                        false,
		cursorOf(`{"inventory":"now ` + older + `"}`):                          false,
		cursorOf(`{"inventory":"0000-11-28T10:00:00Z ` + older + `"}`):         false,
		cursorOf(`{"inventory":"2026-11-28T10:00:00Z"}`):                       false,
		cursorOf(`{"inventory":"2026-11-28T10:00:00Z "}`):                      false,
		cursorOf(`{"inventory":"2026-11-28T10:00:00Z e0"}`):                    false,
		cursorOf(`{"inventory":"2026-11-28T10:00:00Z {` + older + `}"}`):       false,
		cursorOf(`{"inventory":"2026-11-28T10:00:00Z ` + older + `' OR 1=1"}`): false,
	} {
		asked = nil
		r := s.send(t, staff, "GET", "/v1/admin/audit?cursor="+cursor, nil)
		if good {
			if r.mustBe(t, 200, ""); asked.GetBefore().GetId() != older {
				t.Errorf("asked %v", asked)
			}
			continue
		}
		if p := r.refused(t, 400, "invalid_request"); !strings.Contains(p.Detail, "the cursor") || asked != nil {
			t.Errorf("%s: %q, and a service was asked %v", cursor, p.Detail, asked)
		}
	}
}

func TestWrongFiltersOfTheLogAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, query := range []string{"limit=0", "limit=101", "from=yesterday", "who=ada"} {
		if r := s.send(t, staff, "GET", "/v1/admin/audit?"+query, nil); r.status != 400 && r.status != 422 {
			t.Errorf("%s: %d", query, r.status)
		}
	}
}
