package audit

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	auditv1 "souk/proto/gen/souk/audit/v1"

	"souk/platform/field"
)

// fixed is a log that always gives the same answer.
type fixed struct {
	asked Filter
	page  []Record
	err   error
}

func (f *fixed) List(_ context.Context, filter Filter) ([]Record, bool, error) {
	f.asked = filter
	return f.page, true, f.err
}

var at = time.Date(2026, 11, 28, 10, 0, 0, 123456000, time.UTC)

const id = "01a223b3-dc89-7155-af82-e8cbbf9d200d"

func TestAFilterReachesTheLogAndItsRecordsTheCaller(t *testing.T) {
	t.Parallel()
	log := &fixed{page: []Record{{
		ID: id, At: at, RequestID: "r1", Actor: Actor{Kind: Staff, ID: "ada", Service: "gateway", Address: "192.0.2.1/32"},
		Entry: Entry{Action: StockSold, Kind: Order, Subject: "o1", Detail: map[string]string{"pieces": "2"}},
	}}}
	answer, err := (&server{log: log}).ListAuditEntries(t.Context(), &auditv1.ListAuditEntriesRequest{
		Actor: "ada", Action: "stock_sold", Subject: "o1", From: timestamppb.New(at), To: timestamppb.New(at.Add(time.Hour)), Limit: 7,
		Before: &auditv1.Position{At: timestamppb.New(at), Id: strings.ToUpper(id)},
	})
	if err != nil || !answer.GetMore() || len(answer.GetEntries()) != 1 {
		t.Fatalf("%v, %v", answer, err)
	}
	want := Filter{
		Actor: "ada", Action: "stock_sold", Subject: "o1", From: at, To: at.Add(time.Hour), Limit: 7, Before: &Position{At: at, ID: id},
	}
	if !reflect.DeepEqual(log.asked, want) {
		t.Errorf("asked for %+v, want %+v", log.asked, want)
	}
	e := answer.GetEntries()[0]
	if e.GetId() != id || !e.GetAt().AsTime().Equal(at) || e.GetAction() != "stock_sold" || e.GetRequestId() != "r1" || e.GetDetail()["pieces"] != "2" ||
		e.GetSubject().GetKind() != "order" || e.GetSubject().GetId() != "o1" || e.GetActor().GetKind() != auditv1.AuditActor_KIND_STAFF ||
		e.GetActor().GetId() != "ada" || e.GetActor().GetService() != "gateway" || e.GetActor().GetAddress() != "192.0.2.1/32" {
		t.Errorf("%v", e)
	}
}

func TestAnInvalidFilterIsRefused(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]*auditv1.ListAuditEntriesRequest{
		"limit":     {Limit: 101},
		"actor":     {Actor: "a\x00b"},
		"action":    {Action: strings.Repeat("x", 201)},
		"subject":   {Subject: "a\nb"},
		"from":      {From: &timestamppb.Timestamp{Nanos: -1}},
		"to":        {To: &timestamppb.Timestamp{Seconds: 1 << 60}},
		"before.id": {Before: &auditv1.Position{At: timestamppb.New(at), Id: "no id"}},
		"before.at": {Before: &auditv1.Position{Id: id}},
	} {
		_, err := (&server{log: &fixed{}}).ListAuditEntries(t.Context(), req)
		var invalid *field.Error
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	log := &fixed{}
	if _, err := (&server{log: log}).ListAuditEntries(t.Context(), &auditv1.ListAuditEntriesRequest{}); err != nil || log.asked.Limit != 20 {
		t.Errorf("the default limit is %d, %v", log.asked.Limit, err)
	}
}

func TestEveryKindOfActorHasAValueInTheContract(t *testing.T) {
	t.Parallel()
	if n := len(auditv1.AuditActor_Kind_name) - 1; len(kinds) != n {
		t.Errorf("%d kinds, and %d in the contract", len(kinds), n)
	}
}
