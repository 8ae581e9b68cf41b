package orders

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"souk/platform/identifier"
	"souk/platform/security"
)

// ReceiveReturn takes the goods of a return back. It returns the return as it is then: refunded, or received
// when restocking and refunding take longer and go on by themselves. One that was received before is returned as it
// is. With it comes the id of its order. It returns ErrReturnNotFound.
func (s *Service) ReceiveReturn(ctx context.Context, returnID string) (orderID string, goods Return, err error) {
	if !identifier.Valid(returnID) {
		return "", Return{}, ErrReturnNotFound
	}
	orderID, err = s.store.OrderOfReturn(ctx, returnID)
	if err != nil {
		return "", Return{}, fmt.Errorf("receive return: %w", err)
	}
	inline, cancel := s.inline(ctx)
	defer cancel()
	r, err := s.receive(inline, orderID, returnID)
	if err != nil {
		return "", Return{}, fmt.Errorf("receive return: %w", err)
	}
	r, err = s.advance(inline, r, func(r Record) bool { return r.returnByID(returnID).Status == ReturnRefunded })
	if err != nil {
		if ctx.Err() != nil {
			s.orphan(r.ID)
		}
		s.logger.WarnContext(ctx, "return goes on by itself", "order_id", orderID, "return_id", returnID, "error", err)
	}
	return orderID, *r.returnByID(returnID), nil
}

// receive saves that the goods are here, and with it the refund that this asks for.
func (s *Service) receive(ctx context.Context, orderID, returnID string) (Record, error) {
	for {
		r, err := s.store.Get(ctx, orderID)
		if err != nil {
			return Record{}, err
		}
		goods := r.returnByID(returnID)
		if goods.Status != ReturnRequested {
			return r, nil
		}
		goods.Status = ReturnReceived
		r.changeReturn(*goods)
		if err := r.addRefundFor(*goods); err != nil {
			return Record{}, err
		}
		saved, err := s.save(ctx, r, TimelineEntry{At: now(), Event: EventReturnReceived, Detail: goods.Amount.String()})
		if err == nil {
			security.Log(ctx, security.RefundDecided, orderID, slog.String("return", returnID), slog.String("amount", goods.Amount.String()))
		}
		if !errors.Is(err, ErrConflict) {
			return saved, err
		}
	}
}

// addRefundFor adds a refund of what the goods were sold for, or of what is left of the money when some of it
// went back already.
func (r *Record) addRefundFor(goods Return) error {
	amount := goods.Amount
	amount.Amount = min(amount.Amount, r.refundable())
	if amount.Amount <= 0 {
		return nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	r.addRefund(Refund{
		ID: id.String(), Amount: amount, Reason: "return: " + goods.Reason, Status: RefundPending, ReturnID: goods.ID, CreatedAt: now(),
	})
	return nil
}

// takeBack carries out the decision to take goods back.
func (s *Service) takeBack(ctx context.Context, r Record) (Record, error) {
	goods := r.receivedReturn()
	if err := s.peers.Inventory.Return(ctx, r.ID, goods.ID, goods.Lines); err != nil {
		return r, fmt.Errorf("return stock: %w", err)
	}
	goods.Status = ReturnRefunded
	refund := first(r.Refunds, func(f Refund) bool { return f.ReturnID == goods.ID })
	if refund == nil || refund.Status != RefundPending {
		r.changeReturn(*goods)
		return s.save(ctx, r)
	}
	if err := s.payBack(ctx, &r, refund); err != nil {
		return r, err
	}
	r.changeReturn(*goods)
	return s.save(ctx, r, refund.entry())
}
