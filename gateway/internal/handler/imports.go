package handler

import (
	"context"
	"errors"
	"io"
	"slices"

	"google.golang.org/grpc"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/gateway/internal/api"
)

const (
	importChunk  = 64 << 10
	importReason = "product import"
	// The largest answer of catalog: the stock of 200,000 SKUs of 255 bytes.
	importAnswer = 64 << 20
)

// ImportProducts sends a CSV file to catalog. It sends the quantities in it to inventory, which sets the initial stock of SKUs
// that have none. Both steps are repeatable, so an import that failed can be run again.
func (h *Handler) ImportProducts(ctx context.Context, req api.ImportProductsRequestObject) (api.ImportProductsResponseObject, error) {
	answer, err := h.sendFile(ctx, req.Body)
	if err != nil {
		return nil, err
	}
	if err := h.openStock(ctx, answer.GetStock()); err != nil {
		return nil, err
	}
	return api.ImportProducts200JSONResponse{
		Products: answer.GetProducts(), Variants: answer.GetVariants(),
		Created: answer.GetCreated(), Updated: answer.GetUpdated(),
		WithoutQuantity: answer.GetWithoutQuantity(),
		Errors:          views(answer.GetErrors(), importError),
		Warnings:        views(answer.GetWarnings(), importWarning),
	}, nil
}

func importError(e *catalogv1.ImportError) api.ImportError {
	return api.ImportError{
		Line: e.GetLine(), Record: e.GetRecord(), Handle: optional(e.GetHandle()), Column: optional(e.GetColumn()),
		Value: optional(e.GetValue()), Message: e.GetMessage(),
	}
}

func importWarning(e *catalogv1.ImportError) api.ImportWarning {
	return api.ImportWarning{
		Record: e.GetRecord(), Handle: optional(e.GetHandle()), Column: optional(e.GetColumn()), Value: optional(e.GetValue()),
		Message: e.GetMessage(),
	}
}

func (h *Handler) sendFile(ctx context.Context, file io.Reader) (*catalogv1.ImportProductsResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := h.Catalog.ImportProducts(ctx, grpc.MaxCallRecvMsgSize(importAnswer))
	if err != nil {
		return nil, err
	}
	chunk := make([]byte, importChunk)
	for {
		n, readErr := io.ReadFull(file, chunk)
		if n > 0 {
			// io.EOF means that catalog has already answered; CloseAndRecv returns the answer.
			if err := stream.Send(&catalogv1.ImportProductsRequest{Chunk: chunk[:n]}); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
		}
		if errors.Is(readErr, io.EOF) || errors.Is(readErr, io.ErrUnexpectedEOF) {
			break
		}
		if readErr != nil {
			return nil, readErr
		}
	}
	return stream.CloseAndRecv()
}

func (h *Handler) openStock(ctx context.Context, stock []*catalogv1.ImportedStock) error {
	defer h.stock.changes.Note()
	for batch := range slices.Chunk(stock, levelsBatch) {
		lines := views(batch, func(s *catalogv1.ImportedStock) *inventoryv1.Line {
			return &inventoryv1.Line{Sku: s.GetSku(), Quantity: s.GetQuantity()}
		})
		if _, err := h.Inventory.OpenStock(ctx, &inventoryv1.OpenStockRequest{Lines: lines, Reason: importReason}); err != nil {
			return err
		}
	}
	return nil
}
