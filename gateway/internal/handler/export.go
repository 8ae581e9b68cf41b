package handler

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
	"souk/platform/rpc"
)

const (
	// exportBuffer is how much of an export is kept in memory, in bytes. Until there is more, an error is answered as a problem.
	exportBuffer = 256 << 10
	// The lengths of the pages in which an export is read.
	sessionsAtOnce = 100
	ordersAtOnce   = 50
)

// ExportMe answers with what the shop knows of the caller. Orders are read page by page while the answer is written.
func (h *Handler) ExportMe(ctx context.Context, _ api.ExportMeRequestObject) (api.ExportMeResponseObject, error) {
	head, err := h.exportHead(ctx)
	if err != nil {
		return nil, err
	}
	return export{ctx: ctx, handler: h, head: head}, nil
}

// exportHead is an export without its orders.
type exportHead struct {
	ExportedAt time.Time          `json:"exported_at"`
	Account    api.Customer       `json:"account"`
	SignIn     api.ExportSignIn   `json:"sign_in"`
	Addresses  []api.SavedAddress `json:"addresses"`
	Sessions   []api.OpenSession  `json:"sessions"`
	Cart       *api.ExportCart    `json:"cart,omitempty"`
}

func (h *Handler) exportHead(ctx context.Context) (exportHead, error) {
	head := exportHead{ExportedAt: time.Now().UTC()}
	me, err := h.Customers.GetMe(ctx, &customersv1.GetMeRequest{})
	if err != nil {
		return head, err
	}
	head.Account = customerView(me.GetCustomer())
	data, err := h.Customers.GetPersonalData(ctx, &customersv1.GetPersonalDataRequest{})
	if err != nil {
		return head, err
	}
	head.SignIn = signInView(data)
	addresses, err := h.Customers.ListAddresses(ctx, &customersv1.ListAddressesRequest{})
	if err != nil {
		return head, err
	}
	head.Addresses = views(addresses.GetAddresses(), addressView)
	if head.Sessions, err = h.allSessions(ctx); err != nil {
		return head, err
	}
	head.Cart, err = h.cartForExport(ctx)
	return head, err
}

func signInView(data *customersv1.GetPersonalDataResponse) api.ExportSignIn {
	view := api.ExportSignIn{
		NextEmail: optional(data.GetNextEmail()), EmailRefused: data.GetEmailRefused(), Devices: append([]string{}, data.GetDevices()...),
		Identities: views(data.GetIdentities(), identityView),
	}
	if since := data.GetSecondFactorSince(); since != nil {
		view.SecondFactor = &api.ExportSecondFactor{Since: since.AsTime(), RecoveryCodesLeft: data.GetRecoveryCodesLeft()}
	}
	return view
}

func (h *Handler) allSessions(ctx context.Context) ([]api.OpenSession, error) {
	all := []api.OpenSession{}
	for cursor := ""; ; {
		page, err := h.Customers.ListSessions(ctx, &customersv1.ListSessionsRequest{Limit: sessionsAtOnce, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		all = append(all, views(page.GetSessions(), openSessionView)...)
		if cursor = page.GetNextCursor(); cursor == "" {
			return all, nil
		}
	}
}

// cartForExport returns the cart as carts stores it, without prices, or nil if the caller has none.
func (h *Handler) cartForExport(ctx context.Context) (*api.ExportCart, error) {
	answer, err := h.Carts.GetCurrentCart(ctx, &cartsv1.GetCurrentCartRequest{})
	if rpc.HasReason(err, cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	cart := answer.GetCart()
	return &api.ExportCart{
		Id: cart.GetId(), ExpiresAt: cart.GetExpiresAt().AsTime(),
		Lines: views(cart.GetLines(), func(l *cartsv1.Line) api.ExportCartLine {
			return api.ExportCartLine{Sku: l.GetSku(), Quantity: l.GetQuantity()}
		}),
	}, nil
}

// export is the answer to ExportMe.
type export struct {
	ctx     context.Context
	handler *Handler
	head    exportHead
}

// VisitExportMeResponse implements api.ExportMeResponseObject. If something fails after a part was sent, it cuts the answer off, so that
// nobody takes the part for the whole.
func (e export) VisitExportMeResponse(w http.ResponseWriter) error {
	late := &lateHeader{w: w}
	buffer := bufio.NewWriterSize(late, exportBuffer)
	err := e.write(buffer)
	if err == nil {
		err = buffer.Flush()
	}
	if err != nil && late.sent {
		e.handler.logger.WarnContext(e.ctx, "an export was cut off", "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// lateHeader sends the header of an answer before its first byte.
type lateHeader struct {
	w    http.ResponseWriter
	sent bool
}

func (l *lateHeader) Write(p []byte) (int, error) {
	if !l.sent {
		l.w.Header().Set("Content-Type", "application/json")
		l.w.WriteHeader(http.StatusOK)
		l.sent = true
	}
	return l.w.Write(p)
}

// write writes the export, with the orders as its last field.
func (e export) write(w io.Writer) error {
	head, err := json.Marshal(e.head)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(head[:len(head)-1], `,"orders":[`...)); err != nil {
		return err
	}
	if err := e.writeOrders(w); err != nil {
		return err
	}
	_, err = io.WriteString(w, "]}")
	return err
}

func (e export) writeOrders(w io.Writer) error {
	separator := ""
	for cursor := ""; ; {
		page, err := e.handler.Orders.ListOrders(e.ctx, &ordersv1.ListOrdersRequest{Limit: ordersAtOnce, Cursor: cursor})
		if err != nil {
			return err
		}
		parcels, err := e.handler.parcels(e.ctx, page.GetOrders())
		if err != nil {
			return err
		}
		for _, o := range page.GetOrders() {
			order, err := json.Marshal(wholeOrderView(o, parcels[o.GetId()]))
			if err != nil {
				return err
			}
			if _, err := w.Write(append([]byte(separator), order...)); err != nil {
				return err
			}
			separator = ","
		}
		if cursor = page.GetNextCursor(); cursor == "" {
			return nil
		}
	}
}
