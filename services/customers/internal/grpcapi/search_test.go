package grpcapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/testkit/grpctest"
)

func TestStaffFindAccounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, boss := b.boss(t)
	ids := map[string]string{"boss": boss}
	for _, who := range []struct{ key, email, name string }{
		{"ada", "ada@example.com", "Ada Lovelace"}, {"bob", "bob@example.org", "Bob (the Builder)"}, {"zoe", "zoe@bücher.example", "Zoë Müller"},
	} {
		registered, err := b.Register(t.Context(), &customersv1.RegisterRequest{Email: who.email, Password: password, Name: who.name})
		if err != nil {
			t.Fatal(err)
		}
		ids[who.key] = registered.GetCustomer().GetId()
	}
	find := func(req *customersv1.ListCustomersRequest) (found []string) {
		t.Helper()
		for {
			page, err := b.staff.ListCustomers(ctx, req)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page.GetCustomers() {
				found = append(found, c.GetId())
			}
			if req.Cursor = page.GetNextCursor(); req.Cursor == "" {
				return found
			}
		}
	}
	for query, want := range map[string][]string{
		"lovelace": {"ada"}, "ADA@Example.com": {"ada"}, "(the": {"bob"}, ".*": {}, "ZOË": {"zoe"}, "zoe@xn--bcher-kva.example": {"zoe"},
		"nobody": {}, "": {"boss", "ada", "bob", "zoe"}, "example.org": {"bob"},
	} {
		wanted := []string{}
		for _, key := range want {
			wanted = append(wanted, ids[key])
		}
		for _, limit := range []int32{0, 1} {
			if got := find(&customersv1.ListCustomersRequest{Query: query, Limit: limit}); !slices.Equal(got, wanted) && len(got)+len(wanted) > 0 {
				t.Errorf("%q in pages of %d: %v, want %v of %v", query, limit, got, want, ids)
			}
		}
	}
	if got := find(&customersv1.ListCustomersRequest{Query: " ada "}); !slices.Equal(got, []string{ids["ada"]}) {
		t.Errorf("with blanks around it: %v", got)
	}
	if got := find(&customersv1.ListCustomersRequest{Ids: []string{ids["zoe"], ids["ada"]}, Limit: 1}); !slices.Equal(got, []string{ids["ada"], ids["zoe"]}) {
		t.Errorf("by id: %v", got)
	}
}

func TestASearchForAccountsIsChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, _ := b.boss(t)
	for _, test := range []struct {
		field string
		req   *customersv1.ListCustomersRequest
	}{
		{"q must", &customersv1.ListCustomersRequest{Query: strings.Repeat("x", 101)}}, {"q must", &customersv1.ListCustomersRequest{Query: "a\x00"}},
		{"limit", &customersv1.ListCustomersRequest{Limit: 101}}, {"ids", &customersv1.ListCustomersRequest{Ids: slices.Repeat([]string{"x"}, 101)}},
	} {
		_, err := b.staff.ListCustomers(ctx, test.req)
		grpctest.Expect(t, test.field, err, codes.InvalidArgument, "VALIDATION_FAILED")
		if !strings.Contains(fmt.Sprint(err), test.field) {
			t.Errorf("%v does not name %s", err, test.field)
		}
	}
	_, err := b.staff.ListCustomers(ctx, &customersv1.ListCustomersRequest{Cursor: "x"})
	grpctest.Expect(t, "a bad cursor", err, codes.InvalidArgument, "BAD_CURSOR")
}
