package grpcapi_test

import (
	"testing"

	"github.com/google/uuid"

	recommendationsv1 "souk/proto/gen/souk/recommendations/v1"
)

func FuzzHandlers(f *testing.F) {
	b := setup(f)
	b.sell(f, uuid.NewString(), "tea", "cup")
	b.Fuzz(f, recommendationsv1.File_souk_recommendations_v1_recommendations_proto, uuid.NewString(),
		&recommendationsv1.ListRecommendationsRequest{ProductIds: []string{"tea"}, Limit: 10},
	)
}
