package handler

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	auditv1 "souk/proto/gen/souk/audit/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/degraded"
)

const (
	// How long a page of the audit log waits for a service before it does without.
	auditTimeout = 3 * time.Second
	// The number of entries on a page, unless the request says otherwise.
	auditLimit = 20
)

// logEntry is an entry of the log of one service.
type logEntry struct {
	*auditv1.AuditEntry
	service string
}

// logAnswer is the answer of one service.
type logAnswer struct {
	entries []*auditv1.AuditEntry
	more    bool
	err     error
}

// ListAuditEntries returns a page of the audit log. Every service is asked for as many entries as the page has, because the newest may
// all be of one service. While a service is away, there is a next page, on which it is asked again. A page without entries is the last
// one all the same, because a client that follows the cursors would go round until the service is back.
func (h *Handler) ListAuditEntries(ctx context.Context, req api.ListAuditEntriesRequestObject) (api.ListAuditEntriesResponseObject, error) {
	positions, err := parseAuditCursor(value(req.Params.Cursor), h.Audit)
	if err != nil {
		return nil, err
	}
	limit := int(cmp.Or(value(req.Params.Limit), auditLimit))
	answers := h.askLogs(ctx, req.Params, limit, positions)
	away, err := h.logsAway(ctx, answers)
	if err != nil {
		return nil, err
	}
	page, more := newestEntries(answers, limit)
	list := api.AuditEntryList{Items: views(page, auditEntryView), Away: away}
	if more || len(away) > 0 && len(page) > 0 {
		list.NextCursor = new(nextPositions(positions, answers, page).String())
	}
	return api.ListAuditEntries200JSONResponse(list), nil
}

// askLogs asks all services concurrently.
func (h *Handler) askLogs(ctx context.Context, p api.ListAuditEntriesParams, limit int, positions auditPositions) map[string]logAnswer {
	ctx, cancel := context.WithTimeout(ctx, auditTimeout)
	defer cancel()
	var mu sync.Mutex
	var asking sync.WaitGroup
	answers := map[string]logAnswer{}
	for name, client := range h.Audit {
		asking.Go(func() {
			answer, err := client.ListAuditEntries(ctx, &auditv1.ListAuditEntriesRequest{
				Actor: value(p.Actor), Action: value(p.Action), Subject: value(p.Subject), From: timeProto(p.From), To: timeProto(p.To),
				Limit: int32(limit), Before: positions[name].proto(),
			})
			mu.Lock()
			defer mu.Unlock()
			answers[name] = logAnswer{answer.GetEntries(), answer.GetMore(), err}
		})
	}
	asking.Wait()
	return answers
}

// logsAway returns the services that did not answer. It returns an error if none answered, or if the request is at fault.
func (h *Handler) logsAway(ctx context.Context, answers map[string]logAnswer) (away []string, err error) {
	away = []string{}
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		switch answer := answers[name]; status.Code(answer.err) {
		case codes.OK:
		case codes.InvalidArgument, codes.Unauthenticated, codes.PermissionDenied, codes.Canceled:
			return nil, answer.err
		default:
			degraded.AuditEntries.Report(ctx, h.logger, answer.err)
			away, err = append(away, name), answer.err
		}
	}
	if len(away) < len(answers) {
		return away, nil
	}
	return nil, err
}

// newestEntries merges the answers to a page, the newest first, and reports whether there are more entries.
func newestEntries(answers map[string]logAnswer, limit int) (page []logEntry, more bool) {
	for name, answer := range answers {
		more = more || answer.more
		for _, entry := range answer.entries {
			page = append(page, logEntry{entry, name})
		}
	}
	slices.SortFunc(page, func(a, b logEntry) int { return b.position().compare(a.position()) })
	if len(page) > limit {
		return page[:limit], true
	}
	return page, more
}

func (e logEntry) position() auditPosition {
	return auditPosition{at: e.GetAt().AsTime(), id: e.GetId()}
}

// nextPositions returns where each service goes on after a page with entries. Those that answered go on after the last entry on the page, whose ever
// it is, unless they are further already, because another service was away. The others go on where they were, so that their entries are
// found later.
func nextPositions(before auditPositions, answers map[string]logAnswer, page []logEntry) auditPositions {
	next := maps.Clone(before)
	last := page[len(page)-1].position()
	for name, answer := range answers {
		reached, begun := before[name]
		if answer.err == nil && (!begun || last.compare(reached) < 0) {
			next[name] = last
		}
	}
	return next
}

// actorKind calls a partner's client a service, because the contract cannot get another kind without breaking its clients.
func actorKind(kind auditv1.AuditActor_Kind) api.AuditActorKind {
	if kind == auditv1.AuditActor_KIND_CLIENT {
		return api.AuditActorKindService
	}
	return api.AuditActorKind(strings.ToLower(strings.TrimPrefix(kind.String(), "KIND_")))
}

func auditEntryView(e logEntry) api.AuditEntry {
	view := api.AuditEntry{
		Id: e.GetId(), At: e.GetAt().AsTime(), Action: e.GetAction(), RecordedBy: e.service, RequestId: optional(e.GetRequestId()),
		Subject: api.AuditSubject{Kind: e.GetSubject().GetKind(), Id: e.GetSubject().GetId()},
		Actor: api.AuditActor{
			Kind: actorKind(e.GetActor().GetKind()), Id: e.GetActor().GetId(),
			Via: optional(e.GetActor().GetService()), Address: optional(e.GetActor().GetAddress()),
		},
		Detail: e.GetDetail(),
	}
	if view.Detail == nil {
		view.Detail = map[string]string{}
	}
	return view
}
