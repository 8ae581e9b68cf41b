package grpcapi_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	recommendationsv1 "souk/proto/gen/souk/recommendations/v1"

	"souk/platform/rpc"
	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/recommendations/internal/grpcapi"
	"souk/services/recommendations/internal/postgres"
	"souk/services/recommendations/internal/recommendations"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// bundle is the service behind its real interceptors.
type bundle struct {
	*grpctest.Server
	recommendationsv1.RecommendationsServiceClient
	store   *postgres.Store
	service *recommendations.Service
}

func setup(t testing.TB) *bundle {
	t.Helper()
	b := &bundle{store: postgres.New(pgtest.New(t, postgres.Migrations))}
	b.service = recommendations.New(b.store, nil, recommendations.MostBaskets)
	b.Server = grpctest.Serve(t, func(r grpc.ServiceRegistrar) {
		recommendationsv1.RegisterRecommendationsServiceServer(r, grpcapi.New(b.service))
	})
	b.RecommendationsServiceClient = recommendationsv1.NewRecommendationsServiceClient(b.Conn)
	return b
}

// sell stores and learns the basket of an order.
func (b *bundle) sell(t testing.TB, order string, products ...string) {
	t.Helper()
	followed, err := b.store.Followed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sold := recommendations.News{Baskets: []recommendations.Basket{{OrderID: order, Products: products}}, Position: followed.Position}
	if err := b.store.Add(t.Context(), followed.Position, sold); err != nil {
		t.Fatal(err)
	}
	if err := b.service.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAnyoneLearnsWhatWasBoughtTogether(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.sell(t, uuid.NewString(), "tea", "cup")
	answer, err := b.ListRecommendations(grpctest.Service(t, "gateway"),
		&recommendationsv1.ListRecommendationsRequest{ProductIds: []string{"tea", "unknown"}, Limit: 10})
	if err != nil || !slices.Equal(answer.GetProductIds(), []string{"cup"}) {
		t.Errorf("with tea: %v, %v; want a cup", answer, err)
	}
	answer, err = b.ListRecommendations(grpctest.Service(t, "gateway"), &recommendationsv1.ListRecommendationsRequest{Limit: 10})
	if err != nil || len(answer.GetProductIds()) > 0 {
		t.Errorf("with nothing: %v, %v; want nothing", answer, err)
	}
}

func TestAQuestionNamesWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, req := range map[string]*recommendationsv1.ListRecommendationsRequest{
		"product_ids": {ProductIds: make([]string, recommendations.MaxProducts+1), Limit: 1},
		"limit":       {ProductIds: []string{"tea"}, Limit: recommendations.MaxRecommended + 1},
	} {
		_, err := b.ListRecommendations(grpctest.Service(t, "gateway"), req)
		grpctest.Expect(t, name, err, codes.InvalidArgument, "VALIDATION_FAILED")
		if got := rpc.Violations(err); len(got) != 1 || got[0].Field != name {
			t.Errorf("%s: violations %v", name, got)
		}
	}
}
