package grpcapi_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/testkit/grpctest"
)

// saleReader follows the feed of sales as recommendations does.
type saleReader struct {
	client   ordersv1.OrdersServiceClient
	position string
	sales    map[string]*ordersv1.Sale // by order, as told last
	pages    int
}

func newSaleReader(server *grpctest.Server) *saleReader {
	return &saleReader{client: ordersv1.NewOrdersServiceClient(server.Conn), sales: map[string]*ordersv1.Sale{}}
}

// mustRead reads until no more sales are known.
func (r *saleReader) mustRead(t *testing.T, wait time.Duration) {
	t.Helper()
	for more := true; more; r.pages++ {
		req := &ordersv1.WatchSalesRequest{Position: r.position, Wait: durationpb.New(wait)}
		answer, err := r.client.WatchSales(grpctest.Service(t, "recommendations"), req)
		if err != nil {
			t.Fatal(err)
		}
		r.position, more = answer.GetPosition(), answer.GetMore()
		for _, sale := range answer.GetSales() {
			r.sales[sale.GetOrderId()] = sale
		}
	}
}

func TestWhatOrdersHaveSoldIsToldFromTheFirstOne(t *testing.T) {
	t.Parallel()
	server, _ := serve(t)
	first := place(t, server, "first")
	r := newSaleReader(server)
	r.mustRead(t, 0)
	lines := r.sales[first].GetLines()
	if len(r.sales) != 1 || len(lines) != 1 || lines[0].GetSku() != "MUG" || lines[0].GetQuantity() != 3 || lines[0].GetProductId() != "product of MUG" {
		t.Fatalf("told %v, want three mugs of order %s", r.sales, first)
	}
	second := place(t, server, "second")
	r.mustRead(t, 5*time.Second)
	if len(r.sales) != 2 || len(r.sales[second].GetLines()) != 1 {
		t.Errorf("told %v, want order %s too", r.sales, second)
	}
}

func TestACancelledSaleIsToldAgain(t *testing.T) {
	t.Parallel()
	server, _ := serve(t)
	id := place(t, server, "order")
	r := newSaleReader(server)
	r.mustRead(t, 0)
	if _, err := r.client.CancelOrder(server.As(t, owner), &ordersv1.CancelOrderRequest{Id: id}); err != nil {
		t.Fatal(err)
	}
	r.mustRead(t, 5*time.Second)
	late := newSaleReader(server)
	late.mustRead(t, 0)
	for name, told := range map[string]*ordersv1.Sale{"a reader": r.sales[id], "a late reader": late.sales[id]} {
		if !told.GetCancelled() || len(told.GetLines()) > 0 {
			t.Errorf("%s is told %v, want it cancelled", name, told)
		}
	}
}

// The orders fill more than one page. Half of them are placed while the reader walks.
func TestAWalkThroughTheOrdersMissesNone(t *testing.T) {
	t.Parallel()
	server, _ := serve(t)
	var placed []string
	for i := range 101 {
		placed = append(placed, place(t, server, fmt.Sprint("before ", i)))
	}
	r := newSaleReader(server)
	answer, err := r.client.WatchSales(grpctest.Service(t, "recommendations"), &ordersv1.WatchSalesRequest{})
	if err != nil || !answer.GetMore() || len(answer.GetSales()) != 100 {
		t.Fatalf("first page: %d sales, more %t, %v", len(answer.GetSales()), answer.GetMore(), err)
	}
	for _, sale := range answer.GetSales() {
		r.sales[sale.GetOrderId()] = sale
	}
	r.position = answer.GetPosition()
	placed = append(placed, place(t, server, "meanwhile"))
	r.mustRead(t, 0)
	for _, id := range placed {
		if len(r.sales[id].GetLines()) != 1 {
			t.Errorf("order %s: told %v", id, r.sales[id])
		}
	}
}

func TestAnUnknownPositionBeginsWithTheFirstOrder(t *testing.T) {
	t.Parallel()
	server, _ := serve(t)
	id := place(t, server, "order")
	for _, position := range []string{"", "7", "1.1", "x", "1.1/", "1.1/x", "/", "1.1/00000000-0000-0000-0000-000000000000"} {
		r := newSaleReader(server)
		r.position = position
		r.mustRead(t, 0)
		if len(r.sales[id].GetLines()) != 1 {
			t.Errorf("%q: told %v", position, r.sales)
		}
	}
}

func TestSalesAreForRecommendationsAlone(t *testing.T) {
	t.Parallel()
	server, _ := serve(t)
	client := ordersv1.NewOrdersServiceClient(server.Conn)
	for _, caller := range []string{"gateway", "audit", "carts"} {
		_, err := client.WatchSales(grpctest.Service(t, caller), &ordersv1.WatchSalesRequest{})
		grpctest.Expect(t, caller, err, codes.PermissionDenied, "")
	}
	_, err := client.WatchSales(grpctest.Service(t, "recommendations"), &ordersv1.WatchSalesRequest{Wait: durationpb.New(time.Minute)})
	grpctest.Expect(t, "a minute", err, codes.InvalidArgument, "VALIDATION_FAILED")
}
