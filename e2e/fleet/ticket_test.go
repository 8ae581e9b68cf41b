package fleet

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
)

// TestATicketIsGoodAtAnyGatewayOnce uses tickets for an order's events at both gateways at once.
func TestATicketIsGoodAtAnyGatewayOnce(t *testing.T) {
	var gateways []*shop.Client
	for _, part := range live.Instances(stack.Gateway) {
		gateways = append(gateways, shop.New("http://"+live.GatewayAddr(part)))
	}
	ada, _, err := gateways[0].Register(t.Context(), uuid.NewString()+"@example.com", "correct horse battery", "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	id := cancelledOrder(t, ada)
	for range 20 {
		ticket, err := ada.EventTicket(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		statuses := make([]int, len(gateways))
		var all sync.WaitGroup
		for i, gateway := range gateways {
			all.Go(func() {
				// Of an order that is at its end the stream ends as well.
				got, err := gateway.Send(t.Context(), http.MethodGet, "/v1/orders/"+id+"/events?ticket="+ticket, nil)
				if err != nil {
					t.Error(err)
					return
				}
				statuses[i] = got.Status
				if got.Status == http.StatusOK && strings.Count(string(got.Body), "event: ") != 3 {
					t.Errorf("the order was placed, confirmed and cancelled, but its events are %s", got.Body)
				}
			})
		}
		all.Wait()
		if slices.Sort(statuses); !slices.Equal(statuses, []int{http.StatusOK, http.StatusUnauthorized}) {
			t.Errorf("answered %v, want one 200 and one 401", statuses)
		}
	}
}

func cancelledOrder(t *testing.T, c *shop.Client) (id string) {
	t.Helper()
	cart, err := c.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(t.Context(), cart.ID, skus[0], 1); err != nil {
		t.Fatal(err)
	}
	order, err := c.PlaceOrder(t.Context(), uuid.NewString(), shop.Checkout{
		CartID: cart.ID, ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), http.MethodPost, "/v1/orders/"+order.ID+"/cancellation", nil, nil); err != nil {
		t.Fatal(err)
	}
	return order.ID
}
