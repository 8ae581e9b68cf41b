package audit

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	auditv1 "souk/proto/gen/souk/audit/v1"

	"souk/platform/field"
)

const (
	defaultLimit = 20
	maxLimit     = 100
	// The maximum length of a filter, in bytes. No actor, action or subject is longer.
	maxFilter = 200
)

// Log is the audit log of a service.
type Log interface {
	// List returns the records that the filter selects, newest first, and whether there are older ones.
	List(ctx context.Context, filter Filter) (page []Record, more bool, err error)
}

type server struct {
	auditv1.UnimplementedAuditServiceServer
	log Log
}

// Register makes a server serve log.
func Register(registrar grpc.ServiceRegistrar, log Log) {
	auditv1.RegisterAuditServiceServer(registrar, &server{log: log})
}

// ListAuditEntries returns a page of the log.
func (s *server) ListAuditEntries(ctx context.Context, req *auditv1.ListAuditEntriesRequest) (*auditv1.ListAuditEntriesResponse, error) {
	filter, err := filterOf(req)
	if err != nil {
		return nil, err
	}
	page, more, err := s.log.List(ctx, filter)
	if err != nil {
		return nil, err
	}
	answer := &auditv1.ListAuditEntriesResponse{More: more}
	for _, r := range page {
		answer.Entries = append(answer.Entries, entryProto(r))
	}
	return answer, nil
}

func filterOf(req *auditv1.ListAuditEntriesRequest) (Filter, error) {
	f := Filter{Actor: req.GetActor(), Action: req.GetAction(), Subject: req.GetSubject(), Limit: int(req.GetLimit())}
	if f.Limit == 0 {
		f.Limit = defaultLimit
	}
	var check field.Checker
	check.Check(f.Limit > 0 && f.Limit <= maxLimit, "limit", fmt.Sprintf("must be 1 to %d", maxLimit))
	check.CheckLine("actor", f.Actor, false, maxFilter)
	check.CheckLine("action", f.Action, false, maxFilter)
	check.CheckLine("subject", f.Subject, false, maxFilter)
	f.From, f.To = check.CheckTime("from", req.GetFrom()), check.CheckTime("to", req.GetTo())
	if before := req.GetBefore(); before != nil {
		f.Before = &Position{ID: check.CheckID("before.id", before.GetId()), At: check.CheckTime("before.at", before.GetAt())}
		check.Check(before.GetAt() != nil, "before.at", "is required")
	}
	return f, check.Err()
}

func entryProto(r Record) *auditv1.AuditEntry {
	return &auditv1.AuditEntry{
		Id: r.ID, At: timestamppb.New(r.At), Action: string(r.Action), RequestId: r.RequestID, Detail: r.Detail,
		Subject: &auditv1.AuditSubject{Kind: string(r.Kind), Id: r.Subject},
		Actor:   &auditv1.AuditActor{Kind: kinds[r.Actor.Kind], Id: r.Actor.ID, Service: r.Actor.Service, Address: r.Actor.Address},
	}
}

var kinds = map[ActorKind]auditv1.AuditActor_Kind{
	Staff:    auditv1.AuditActor_KIND_STAFF,
	Customer: auditv1.AuditActor_KIND_CUSTOMER,
	Service:  auditv1.AuditActor_KIND_SERVICE,
	Provider: auditv1.AuditActor_KIND_PROVIDER,
	Operator: auditv1.AuditActor_KIND_OPERATOR,
	Partner:  auditv1.AuditActor_KIND_CLIENT,
}
