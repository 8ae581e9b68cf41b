package order

import "errors"

// Errors of finding and saving an order.
var (
	ErrNotFound       = errors.New("order not found")
	ErrReturnNotFound = errors.New("return not found")
	// ErrConflict is returned when somebody else changed the order after it was read.
	ErrConflict = errors.New("order was changed meanwhile")
)

// Errors of decisions that an order does not allow.
var (
	ErrNotCancellable  = errors.New("order can no longer be cancelled")
	ErrNotDispatchable = errors.New("order cannot be dispatched")
	ErrNotReturnable   = errors.New("order cannot be returned")
	// ErrReturnDecided is returned for a return that was received, refused or withdrawn.
	ErrReturnDecided = errors.New("return is no longer open")
	// ErrCustomerErased is returned to a customer who was erased and whose access token has not expired yet.
	ErrCustomerErased = errors.New("customer was erased")
	// ErrWrongState is returned for every other move that the transition table does not have. No request leads to it.
	ErrWrongState = errors.New("the state of the order does not allow this")
)

// Errors of idempotency keys that are saved with an order.
var (
	// ErrKeyUnknown is returned for a key that was never used.
	ErrKeyUnknown = errors.New("idempotency key is unknown")
	// ErrKeyTaken is returned when another request used the key first.
	ErrKeyTaken = errors.New("idempotency key is taken")
)
