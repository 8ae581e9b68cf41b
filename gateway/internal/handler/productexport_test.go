package handler_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
)

// parts makes catalog answer with these parts of a file, each after the one before, and then with an error if it is not nil.
func parts(s *shop, file []string, failure error) {
	on(s, catalogv1.CatalogService_GetProductFile_FullMethodName,
		func(_ context.Context, req *catalogv1.GetProductFileRequest) (*catalogv1.GetProductFileResponse, error) {
			n := len(req.GetAfter())
			if n < len(file) {
				return &catalogv1.GetProductFileResponse{Part: []byte(file[n]), Next: req.GetAfter() + "x"}, nil
			}
			return &catalogv1.GetProductFileResponse{Next: req.GetAfter()}, failure
		})
}

func TestAnExportIsTheWholeFile(t *testing.T) {
	t.Parallel()
	s := open(t)
	parts(s, []string{"Handle,Title\n", "mug,Mug\n", "cup,Cup\n"}, nil)
	answer := s.send(t, staff, "GET", "/v1/product-exports", nil)
	if answer.status != http.StatusOK || string(answer.body) != "Handle,Title\nmug,Mug\ncup,Cup\n" || answer.header.Get("Content-Type") != "text/csv" {
		t.Errorf("%d %v %q", answer.status, answer.header, answer.body)
	}
	s.send(t, customer, "GET", "/v1/product-exports", nil).refused(t, 403, "forbidden")
}

func TestAnExportThatFailsIsNoFile(t *testing.T) {
	t.Parallel()
	s := open(t)
	parts(s, nil, status.Error(codes.Unavailable, "down"))
	s.send(t, staff, "GET", "/v1/product-exports", nil).refused(t, 503, "unavailable")
}

func TestAnExportThatFailsHalfWayIsCutOff(t *testing.T) {
	t.Parallel()
	s := open(t)
	parts(s, []string{"Handle,Title\n"}, status.Error(codes.Internal, "broken"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/product-exports", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token(t, staff))
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req) // not held to the contract, which has no half answers
	if err != nil {
		return // cut off before the header was read
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err == nil {
		t.Errorf("%d %q is taken for the whole file", resp.StatusCode, body)
	}
}
