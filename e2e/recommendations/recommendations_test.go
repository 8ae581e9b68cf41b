// Package recommendations tests the service recommendations in a running shop.
package recommendations

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	recommendationsv1 "souk/proto/gen/souk/recommendations/v1"

	"souk/deploy/local/stack"
	"souk/e2e/poll"
	"souk/e2e/shop"
	"souk/e2e/testshop"
	"souk/platform/consul"
	"souk/testkit/certtest"
)

var (
	running *testshop.Shop
	// authority is whom the shop's Consul issues certificates from, so that a test can be any service.
	authority *certtest.Authority
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the shop:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if authority, err = certtest.New(); err != nil {
		return 1, err
	}
	var stop func() error
	running, stop, err = testshop.Start(context.Background(), stack.Config{Authority: authority, Env: []string{"SOUK_RATE_LIMITS=off"}})
	if err != nil {
		return 1, err
	}
	code = shop.Verdict(m.Run())
	return code, stop()
}

// address returns where the service is, host:port, as Consul tells anyone.
func address(t *testing.T) string {
	t.Helper()
	client, err := consul.NewClient(running.ConsulAddr(), "")
	if err != nil {
		t.Fatal(err)
	}
	healthy, _, err := client.Health().Service("recommendations", "", true, nil)
	if err != nil || len(healthy) != 1 {
		t.Fatalf("%d healthy instances, %v", len(healthy), err)
	}
	return fmt.Sprintf("%s:%d", healthy[0].Service.Address, healthy[0].Service.Port)
}

func TestOnlyItsCallersReachTheService(t *testing.T) {
	t.Parallel()
	at := address(t)
	for caller, want := range map[string]codes.Code{"gateway": codes.OK, "orders": codes.PermissionDenied, "stranger": codes.PermissionDenied} {
		identity, err := authority.Identity(caller)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := grpc.NewClient(at, grpc.WithTransportCredentials(credentials.NewTLS(identity.Client("recommendations"))))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		client := recommendationsv1.NewRecommendationsServiceClient(conn)
		_, err = client.ListRecommendations(t.Context(), &recommendationsv1.ListRecommendationsRequest{ProductIds: []string{"p"}, Limit: 1})
		if status.Code(err) != want {
			t.Errorf("%s: %v, want %v", caller, err, want)
		}
	}
}

// goods puts so many products on sale and returns their SKUs, which are their slugs too.
func goods(t *testing.T, n int) []string {
	t.Helper()
	var skus []string
	for range n {
		skus = append(skus, "t-"+uuid.NewString())
	}
	if err := staff(t).Sell(t.Context(), skus, 1000); err != nil {
		t.Fatal(err)
	}
	return skus
}

func staff(t *testing.T) *shop.Client {
	t.Helper()
	client, _, err := shop.New(running.URL()).Login(t.Context(), running.StaffEmail(), running.StaffPassword())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// fill returns a new customer with a cart of those SKUs.
func fill(t *testing.T, skus ...string) (*shop.Client, shop.Cart) {
	t.Helper()
	client, _, err := shop.New(running.URL()).Register(t.Context(), uuid.NewString()+"@example.com", "correct horse battery", "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	cart, err := client.OpenCart(t.Context())
	for _, sku := range skus {
		if err == nil {
			cart, err = client.Put(t.Context(), cart.ID, sku, 1)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return client, cart
}

// buy has a new customer buy SKUs together, and returns the customer and the order.
func buy(t *testing.T, skus ...string) (*shop.Client, shop.Order) {
	t.Helper()
	client, cart := fill(t, skus...)
	leeds := shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}
	order, err := client.PlaceOrder(t.Context(), uuid.NewString(), shop.Checkout{
		CartID: cart.ID, ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
	})
	if err != nil || order.Status != "confirmed" {
		t.Fatalf("order %+v, %v", order, err)
	}
	return client, order
}

// counts is within how long an order counts.
const counts = 5 * time.Second

// mustRecommend waits until a page recommends the products with these SKUs, and no others.
func mustRecommend(t *testing.T, client *shop.Client, path string, skus ...string) {
	t.Helper()
	want := slices.Sorted(slices.Values(skus))
	err := poll.Until(t.Context(), counts, func(ctx context.Context) error {
		var list struct{ Items []shop.Product }
		if err := client.Do(ctx, http.MethodGet, path, nil, &list); err != nil {
			return err
		}
		found := []string{}
		for _, p := range list.Items {
			found = append(found, p.Variants[0].SKU)
		}
		if slices.Sort(found); !slices.Equal(found, want) {
			return fmt.Errorf("%s recommends %v, want %v", path, found, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func page(sku string) string { return "/v1/products/" + sku + "/recommendations" }

func TestWhatWasBoughtTogetherIsRecommendedWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	anyone, skus := shop.New(running.URL()), goods(t, 4)
	mustRecommend(t, anyone, page(skus[0]))
	customer, order := buy(t, skus[0], skus[1])
	buy(t, skus[0], skus[2], skus[3])
	mustRecommend(t, anyone, page(skus[0]), skus[1:]...)
	mustRecommend(t, anyone, page(skus[1]), skus[0])
	holder, cart := fill(t, skus[0], skus[2])
	mustRecommend(t, holder, "/v1/carts/"+cart.ID+"/recommendations", skus[1], skus[3])
	if err := customer.Do(t.Context(), http.MethodPost, "/v1/orders/"+order.ID+"/cancellation", nil, nil); err != nil {
		t.Fatal(err)
	}
	mustRecommend(t, anyone, page(skus[0]), skus[2:]...)
}

// pathOf returns the path of the product with a slug.
func pathOf(t *testing.T, slug string) string {
	t.Helper()
	var product shop.Product
	if err := shop.New(running.URL()).Do(t.Context(), http.MethodGet, "/v1/products/"+slug, nil, &product); err != nil {
		t.Fatal(err)
	}
	return "/v1/products/" + product.ID
}

func TestWhatIsNotOnSaleOrUnlistedIsNotRecommended(t *testing.T) {
	t.Parallel()
	skus := goods(t, 5)
	buy(t, skus...)
	owner, anyone := staff(t), shop.New(running.URL())
	mustRecommend(t, anyone, page(skus[0]), skus[1:]...)
	if _, err := owner.Adjust(t.Context(), skus[1], -999, "broken"); err != nil {
		t.Fatal(err)
	}
	if err := owner.Do(t.Context(), http.MethodDelete, pathOf(t, skus[2]), nil, nil); err != nil {
		t.Fatal(err)
	}
	unlist := map[string]any{"status": "unlisted"}
	if err := owner.Do(t.Context(), http.MethodPatch, pathOf(t, skus[3]), unlist, nil, shop.Header{Name: "If-Match", Value: "*"}); err != nil {
		t.Fatal(err)
	}
	mustRecommend(t, anyone, page(skus[0]), skus[4])
}

func TestARebuildReadsAllSalesAgain(t *testing.T) {
	skus := goods(t, 2)
	buy(t, skus...)
	anyone := shop.New(running.URL())
	mustRecommend(t, anyone, page(skus[0]), skus[1])
	if err := stack.RebuildRecommendations(t.Context(), running.Config()); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		mustRecommend(t, anyone, page(skus[0]), skus[1])
	}
	more := goods(t, 2)
	buy(t, more...)
	mustRecommend(t, anyone, page(more[0]), more[1])
	mustRecommend(t, anyone, page(skus[0]), skus[1])
}
