package access_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/deploy/local/stack"
	"souk/e2e/access"
	"souk/platform/rpc"
)

// ownedField is what an owned field names.
type ownedField struct {
	kind string
	make maker
}

// ownedRPC is a valid request of an RPC, but for its owned fields, and what those name.
type ownedRPC struct {
	request proto.Message
	fields  map[string]ownedField
}

var (
	cartField    = ownedField{"cart", cart}
	addressField = ownedField{"address", address}
	orderField   = ownedField{"order", order}
	sessionField = ownedField{"session", session}
)

// ownedRPCs is every RPC whose rule has owned fields.
var ownedRPCs = map[string]ownedRPC{
	"/souk.carts.v1.CartsService/GetCart":    {&cartsv1.GetCartRequest{}, map[string]ownedField{"id": cartField}},
	"/souk.carts.v1.CartsService/SetItem":    {&cartsv1.SetItemRequest{Sku: "GOODS", Quantity: 1}, map[string]ownedField{"cart_id": cartField}},
	"/souk.carts.v1.CartsService/RemoveItem": {&cartsv1.RemoveItemRequest{Sku: "GOODS"}, map[string]ownedField{"cart_id": cartField}},
	"/souk.carts.v1.CartsService/ClaimCart":  {&cartsv1.ClaimCartRequest{}, map[string]ownedField{"id": cartField}},
	"/souk.customers.v1.CustomersService/GetAddress": {
		&customersv1.GetAddressRequest{}, map[string]ownedField{"id": addressField},
	},
	"/souk.customers.v1.CustomersService/UpdateAddress": {
		&customersv1.UpdateAddressRequest{Address: &customersv1.Address{Name: "Ada", Line1: "1 High Street", City: "York", PostalCode: "YO1 7HH", Country: "GB"}},
		map[string]ownedField{"address.id": addressField},
	},
	"/souk.customers.v1.CustomersService/DeleteAddress": {
		&customersv1.DeleteAddressRequest{}, map[string]ownedField{"id": addressField},
	},
	"/souk.customers.v1.CustomersService/EndSession": {
		&customersv1.EndSessionRequest{}, map[string]ownedField{"id": sessionField},
	},
	"/souk.customers.v1.SignInService/UnlinkIdentity": {
		&customersv1.UnlinkIdentityRequest{}, map[string]ownedField{"id": {ownIdentity.kind, identity}},
	},
	"/souk.orders.v1.OrdersService/PlaceOrder": {
		&ordersv1.PlaceOrderRequest{ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa"},
		map[string]ownedField{"cart_id": cartField, "address_id": addressField},
	},
	"/souk.orders.v1.OrdersService/GetOrder":      {&ordersv1.GetOrderRequest{}, map[string]ownedField{"id": orderField}},
	"/souk.orders.v1.OrdersService/CancelOrder":   {&ordersv1.CancelOrderRequest{}, map[string]ownedField{"id": orderField}},
	"/souk.orders.v1.OrdersService/WaitForEvents": {&ordersv1.WaitForEventsRequest{}, map[string]ownedField{"order_id": orderField}},
	"/souk.orders.v1.OrdersService/CreateEventTicket": {
		&ordersv1.CreateEventTicketRequest{}, map[string]ownedField{"order_id": orderField},
	},
	"/souk.orders.v1.OrdersService/RequestReturn": {
		&ordersv1.RequestReturnRequest{Lines: []*ordersv1.ReturnLine{{Sku: "GOODS", Quantity: 1}}, Reason: "too many"},
		map[string]ownedField{"order_id": {"delivered order", delivered}},
	},
	"/souk.orders.v1.OrdersService/WithdrawReturn": {
		&ordersv1.WithdrawReturnRequest{},
		map[string]ownedField{
			"order_id": {ownReturned.kind, returnedOrder}, "return_id": {ownReturn.kind, returnOfOrder},
		},
	},
}

func TestWhatIsAnothersDoesNotExistForAnyRPC(t *testing.T) {
	for _, r := range rpcs {
		if len(r.Rule.GetOwned()) == 0 {
			continue
		}
		t.Run(string(r.Method.Name()), func(t *testing.T) {
			t.Parallel()
			spec, ok := ownedRPCs[r.Path()]
			if !ok {
				t.Fatalf("%s is new: add it to ownedRPCs", r.Path())
			}
			o := &ownership{RPC: r, spec: spec, people: newPeople(t), conn: dialAs(t, r.Server(), stack.Gateway)}
			callers := []string{ada, bob, staff}
			if r.Rule.GetAnyone() {
				callers = append(callers, guest)
			}
			for _, who := range callers {
				o.checkOthers(t, who)
			}
			for _, who := range callers {
				if err := o.try(t, who, o.valid(t, who)); err != nil {
					t.Errorf("%s about their own: %v", who, err)
				}
			}
		})
	}
}

// ownership is the test of an RPC.
type ownership struct {
	access.RPC
	spec   ownedRPC
	people *people
	conn   *grpc.ClientConn
}

// valid returns a request of who, about what is theirs.
func (o *ownership) valid(t *testing.T, who string) proto.Message {
	t.Helper()
	req := proto.Clone(o.spec.request)
	for _, path := range o.Rule.GetOwned() {
		field, ok := o.spec.fields[path]
		if !ok {
			t.Fatalf("ownedRPCs does not say what %s names", path)
		}
		set(req, path, o.people.thing(who, field.kind, field.make))
	}
	return req
}

// try makes the call for who, through the gateway.
func (o *ownership) try(t *testing.T, who string, req proto.Message) error {
	t.Helper()
	if place, ok := req.(*ordersv1.PlaceOrderRequest); ok {
		place.IdempotencyKey = uuid.NewString()
	}
	return call(t, o.conn, o.RPC, o.people.account(who).Token, req)
}

// checkOthers checks that to who another's thing is as one that does not exist, field by field.
func (o *ownership) checkOthers(t *testing.T, who string) {
	t.Helper()
	other := ada
	if who == ada {
		other = bob
	}
	for path, field := range o.spec.fields {
		theirs := o.people.thing(other, field.kind, field.make)
		about := func(id string) error {
			req := o.valid(t, who)
			set(req, path, id)
			return o.try(t, who, req)
		}
		nowhere := about(uuid.NewString())
		if status.Code(nowhere) != codes.NotFound {
			t.Errorf("%s about a %s that does not exist: %v", who, path, nowhere)
		}
		values := map[string]string{"another's": theirs}
		for _, texts := range []map[string]string{malformed, spellings(theirs)} {
			for kind, id := range texts {
				values[kind] = id
			}
		}
		for kind, id := range values {
			got := about(id)
			if who == staff && o.Rule.GetScope() != 0 && strings.EqualFold(id, theirs) {
				if got != nil {
					t.Errorf("staff about another's %s: %v", path, got)
				}
				continue
			}
			if kind == "long" && status.Code(got) == codes.InvalidArgument {
				continue // by its form, whatever there is
			}
			if status.Code(got) != codes.NotFound || rpc.Reason(got) != rpc.Reason(nowhere) || got.Error() != nowhere.Error() {
				t.Errorf("%s about %s %s: %v, want what is answered about one that does not exist: %v", who, kind, path, got, nowhere)
			}
		}
	}
}

// set sets a text field of a message, which path leads to.
func set(message proto.Message, path, value string) {
	m := message.ProtoReflect()
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		m = m.Mutable(m.Descriptor().Fields().ByName(protoreflect.Name(name))).Message()
	}
	m.Set(m.Descriptor().Fields().ByName(protoreflect.Name(names[len(names)-1])), protoreflect.ValueOfString(value))
}
