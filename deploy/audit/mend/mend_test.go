package mend

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/deploy/audit"
	"souk/platform/rpc"
)

// torn is a shop in which some orders break a rule, by their IDs.
type torn struct {
	broken map[string]string
	// needs names the order that must be mended before another one can be.
	needs map[string]string
	// refuses are the orders about which a person has to decide.
	refuses map[string]bool
	mended  []string
	// progress is for how many more audits an order is in progress.
	progress int
	// late breaks a rule afterwards.
	late string
}

const goods = "goods: a sold order has bought its lines, less returns"

func (s *torn) Audit(context.Context) (*audit.Report, error) {
	orders := &audit.Check{Name: goods, What: "orders", Problems: map[string]string{}}
	stock := &audit.Check{Name: "stock: reserved = held", What: "SKUs", Problems: map[string]string{}}
	for id, problem := range s.broken {
		if strings.HasPrefix(id, "SKU") {
			stock.Problems[id] = problem
		} else {
			orders.Problems[id] = problem
		}
	}
	report := &audit.Report{Checks: []*audit.Check{stock, orders}}
	if s.progress > 0 {
		s.progress--
		report.InProgress = []string{"under way"}
	} else if s.late != "" {
		s.broken[s.late], s.late = "x", ""
		return s.Audit(context.Background())
	}
	return report, nil
}

func (s *torn) Mend(_ context.Context, id string) error {
	s.mended = append(s.mended, id)
	if s.refuses[id] {
		return rpc.Error(codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_NOT_MENDABLE, "a person has to decide: its parcel has left")
	}
	if s.broken[s.needs[id]] != "" {
		return errors.New("not yet")
	}
	delete(s.broken, id)
	return nil
}

func ids(cases []Case) (all []string) {
	for _, c := range cases {
		all = append(all, c.ID)
	}
	return all
}

func printed(t *testing.T, r *Report) string {
	t.Helper()
	var text strings.Builder
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestNothingIsMendedUnlessItIsToBeApplied(t *testing.T) {
	t.Parallel()
	s := &torn{broken: map[string]string{"a": "is confirmed", "SKU": "reserved 1"}}
	report, err := run(t.Context(), s, Config{})
	if err != nil || len(s.mended) > 0 || report.OK() {
		t.Fatalf("%+v, %v; mended %v", report, err, s.mended)
	}
	text := printed(t, report)
	for _, want := range []string{"order a", "is confirmed", "with -apply: " + soldGoods, "SKU SKU", "a person: the ledger", "Nothing was changed"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not print %q:\n%s", want, text)
		}
	}
}

func TestWhatCannotBeMendedIsListedForAPerson(t *testing.T) {
	t.Parallel()
	s := &torn{
		broken: map[string]string{"a": "x", "b": "x", "c": "x", "SKU": "x"}, needs: map[string]string{"a": "b"}, refuses: map[string]bool{"c": true},
	}
	report, err := run(t.Context(), s, Config{Apply: true})
	if err != nil || !slices.Equal(ids(report.Found), []string{"SKU", "a", "b", "c"}) || !slices.Equal(ids(report.Left), []string{"SKU", "c"}) {
		t.Fatalf("%+v, %v", report, err)
	}
	if slices.Contains(s.mended, "SKU") {
		t.Error("a SKU was mended like an order")
	}
	if text := printed(t, report); !strings.Contains(text, "not mended: a person has to decide: its parcel has left") || !strings.Contains(text, "2 are left") {
		t.Errorf("it prints:\n%s", text)
	}
}

func TestAShopThatAgreesIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := &torn{}
	report, err := run(t.Context(), s, Config{Apply: true})
	if err != nil || !report.OK() || len(s.mended) > 0 {
		t.Errorf("%+v, %v; mended %v", report, err, s.mended)
	}
}

// What an order in progress waits for may have been forgotten. So it is mended as well, and waited for.
func TestOrdersInProgressAreWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &torn{broken: map[string]string{}, progress: 5, late: "a"}
		report, err := run(t.Context(), s, Config{Apply: true})
		if err != nil || !report.OK() || len(report.InProgress) > 0 || !slices.Contains(s.mended, "a") || !slices.Contains(s.mended, "under way") {
			t.Errorf("%+v, %v; mended %v", report, err, s.mended)
		}
		s = &torn{progress: 1000}
		if report, err = run(t.Context(), s, Config{Apply: true}); err != nil || len(report.InProgress) != 1 {
			t.Errorf("%+v, %v", report, err)
		}
		if text := printed(t, report); !strings.Contains(text, "1 orders are in progress") {
			t.Errorf("it prints:\n%s", text)
		}
	})
}

// A check that is added to the audit gets a rule here, and a row in the document.
func TestEveryCheckOfTheAuditHasARule(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	checks := regexp.MustCompile(`(?m)^(\w+: .*?)  +\d`).FindAllStringSubmatch(string(text), -1)
	if len(checks) < 25 {
		t.Fatalf("the README shows %d checks", len(checks))
	}
	for _, check := range checks {
		if r := ruleOf(check[1]); r.checks == "" {
			t.Errorf("%q has no rule", check[1])
		}
	}
}
