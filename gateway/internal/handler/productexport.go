package handler

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
)

// ExportProducts sends the catalog as a CSV file. If the first call to catalog fails, the client gets a problem; after that the answer
// can only be cut off.
func (h *Handler) ExportProducts(ctx context.Context, _ api.ExportProductsRequestObject) (api.ExportProductsResponseObject, error) {
	file := &productFile{ctx: ctx, catalog: h.Catalog, logger: h.logger}
	if err := file.grow(); err != nil {
		return nil, err
	}
	return api.ExportProducts200TextcsvResponse{Body: file, Headers: api.ExportProducts200ResponseHeaders{
		ContentDisposition: `attachment; filename="products.csv"`,
	}}, nil
}

// productFile is an io.Reader that asks catalog for one part of the file after the other.
type productFile struct {
	ctx     context.Context
	catalog catalogv1.CatalogServiceClient
	logger  *slog.Logger
	after   string
	part    []byte
	over    bool
}

// Read implements io.Reader. It cuts the answer off if catalog fails.
func (f *productFile) Read(p []byte) (int, error) {
	if len(f.part) == 0 && !f.over {
		if err := f.grow(); err != nil {
			f.logger.WarnContext(f.ctx, "export of products cut off", "error", err)
			panic(http.ErrAbortHandler)
		}
	}
	if len(f.part) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.part)
	f.part = f.part[n:]
	return n, nil
}

// grow gets the next part.
func (f *productFile) grow() error {
	answer, err := f.catalog.GetProductFile(f.ctx, &catalogv1.GetProductFileRequest{After: f.after})
	if err != nil {
		return err
	}
	f.part, f.after = answer.GetPart(), answer.GetNext()
	f.over = len(f.part) == 0
	return nil
}
