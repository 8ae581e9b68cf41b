package handler_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/rpc"
)

// importer is catalog's import RPC.
type importer struct {
	catalogv1.UnimplementedCatalogServiceServer
	answer *catalogv1.ImportProductsResponse
	// early, if not nil, is returned before the file is read.
	early error

	file bytes.Buffer
	// ended receives the error with which the stream ended.
	ended chan error
}

// end records the end of the stream. It drops it if the previous one was not read.
func (i *importer) end(err error) {
	select {
	case i.ended <- err:
	default:
	}
}

// ImportProducts implements catalogv1.CatalogServiceServer.
func (i *importer) ImportProducts(stream catalogv1.CatalogService_ImportProductsServer) error {
	if i.early != nil {
		return i.early
	}
	for {
		part, err := stream.Recv()
		i.file.Write(part.GetChunk())
		switch {
		case errors.Is(err, io.EOF):
			i.end(err)
			return stream.SendAndClose(i.answer)
		case err != nil:
			i.end(err)
			return err
		}
	}
}

func TestAnImportReachesCatalogAndItsQuantitiesReachInventory(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 3 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.imported.answer = &catalogv1.ImportProductsResponse{
				Products: 2, Variants: 3, Created: 1, Updated: 1, WithoutQuantity: 1,
				Errors: []*catalogv1.ImportError{
					{Line: 7, Record: 5, Handle: "mug", Column: "Price", Value: "x", Message: "no number"}, {Line: 9, Record: 6, Message: "no row"},
				},
				Warnings: []*catalogv1.ImportError{{Line: 7, Record: 5, Handle: "mug", Column: "Image Src", Value: "y", Message: "no image"}},
				Stock:    []*catalogv1.ImportedStock{{Sku: "MUG-S", Quantity: 4}, {Sku: "MUG-L", Quantity: 0}},
			}
			var opened *inventoryv1.OpenStockRequest
			on(s, inventoryv1.InventoryService_OpenStock_FullMethodName,
				func(_ context.Context, req *inventoryv1.OpenStockRequest) (*inventoryv1.OpenStockResponse, error) {
					opened = req
					return &inventoryv1.OpenStockResponse{Opened: 2}, nil
				})
			file := strings.Repeat("Handle,Title\n", size/13+1)[:size]
			s.send(t, staff, "POST", "/v1/product-imports", strings.NewReader(file)).
				mustBe(t, 200, `{"products": 2, "variants": 3, "created": 1, "updated": 1, "without_quantity": 1,
					"errors": [{"line": 7, "record": 5, "handle": "mug", "column": "Price", "value": "x", "message": "no number"},
						{"line": 9, "record": 6, "message": "no row"}],
					"warnings": [{"record": 5, "handle": "mug", "column": "Image Src", "value": "y", "message": "no image"}]}`)
			if err := <-s.imported.ended; !errors.Is(err, io.EOF) || s.imported.file.String() != file {
				t.Errorf("%d bytes arrived of %d, %v", s.imported.file.Len(), size, err)
			}
			lines := opened.GetLines()
			if len(lines) != 2 || lines[0].GetSku() != "MUG-S" || lines[0].GetQuantity() != 4 || opened.GetReason() == "" {
				t.Errorf("inventory was told %v", opened)
			}
		})
	}
}

func TestInitialStockIsSentInBatches(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.imported.answer = &catalogv1.ImportProductsResponse{}
	for i := range 4500 {
		s.imported.answer.Stock = append(s.imported.answer.Stock, &catalogv1.ImportedStock{Sku: fmt.Sprint(i), Quantity: 1})
	}
	total := 0
	on(s, inventoryv1.InventoryService_OpenStock_FullMethodName,
		func(_ context.Context, req *inventoryv1.OpenStockRequest) (*inventoryv1.OpenStockResponse, error) {
			if len(req.GetLines()) > 2000 {
				t.Errorf("%d lines at once", len(req.GetLines()))
			}
			total += len(req.GetLines())
			return &inventoryv1.OpenStockResponse{}, nil
		})
	s.send(t, staff, "POST", "/v1/product-imports", strings.NewReader("x")).mustBe(t, 200, "")
	if total != 4500 {
		t.Errorf("%d SKUs were opened", total)
	}
}

func TestAFileThatIsTooLargeIsNotImported(t *testing.T) {
	t.Parallel()
	content := make([]byte, 100<<20+1)
	for name, file := range map[string]io.Reader{
		"with its length": bytes.NewReader(content),
		"in chunks":       io.MultiReader(bytes.NewReader(content)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.imported.answer = &catalogv1.ImportProductsResponse{}
			s.send(t, staff, "POST", "/v1/product-imports", file).refused(t, 413, "payload_too_large")
			select {
			case err := <-s.imported.ended:
				if errors.Is(err, io.EOF) {
					t.Error("catalog took a part for the whole file")
				}
			case <-time.After(10 * time.Second):
				t.Error("catalog still waits for the rest")
			}
		})
	}
}

func TestAFailedImportNamesTheReason(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.imported.early = rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED, "no header")
	s.send(t, staff, "POST", "/v1/product-imports", strings.NewReader(strings.Repeat("x", 5<<20))).refused(t, 422, "validation_failed")

	s = open(t)
	s.imported.answer = &catalogv1.ImportProductsResponse{Stock: []*catalogv1.ImportedStock{{Sku: "A", Quantity: 1}}}
	s.send(t, staff, "POST", "/v1/product-imports", strings.NewReader("x")).refused(t, 503, "unavailable")

	s = open(t)
	s.send(t, customer, "POST", "/v1/product-imports", strings.NewReader("x")).refused(t, 403, "forbidden")
}
