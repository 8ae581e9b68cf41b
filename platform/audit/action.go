package audit

// Action is what was done. Its name is stored, and must not change.
type Action string

// The actions. docs/audit-log.md says which service records each, and about which subject.
const (
	ProductCreated   Action = "product_created"
	ProductUpdated   Action = "product_updated"
	ProductWithdrawn Action = "product_withdrawn"
	ProductRestored  Action = "product_restored"
	ProductPublished Action = "product_published"
	SynonymsSet      Action = "synonyms_set"

	StockAdjusted    Action = "stock_adjusted"
	StockOpened      Action = "stock_opened"
	StockReserved    Action = "stock_reserved"
	StockSold        Action = "stock_sold"
	StockReleased    Action = "stock_released"
	StockHoldExpired Action = "stock_hold_expired"
	StockReturned    Action = "stock_returned"

	OrderCancellationDecided Action = "order_cancellation_decided"
	OrderDispatchDecided     Action = "order_dispatch_decided"
	OrderDispatchAbandoned   Action = "order_dispatch_abandoned"
	OrderMended              Action = "order_mended"
	ReturnRequested          Action = "return_requested"
	ReturnWithdrawn          Action = "return_withdrawn"
	ReturnRefused            Action = "return_refused"
	ReturnReceived           Action = "return_received"
	RefundDecided            Action = "refund_decided"

	PaymentAuthorized Action = "payment_authorized"
	PaymentDeclined   Action = "payment_declined"
	PaymentCaptured   Action = "payment_captured"
	PaymentVoided     Action = "payment_voided"
	RefundSucceeded   Action = "refund_succeeded"
	RefundFailed      Action = "refund_failed"

	ParcelBooked     Action = "parcel_booked"
	ParcelHandedOver Action = "parcel_handed_over"
	BookingEnded     Action = "booking_ended"

	RoleGranted       Action = "role_granted"
	RolesChanged      Action = "roles_changed"
	StaffDisabled     Action = "staff_disabled"
	ClientCreated     Action = "client_created"
	ClientDeleted     Action = "client_deleted"
	PasswordChanged   Action = "password_changed"
	EmailChanged      Action = "email_changed"
	IdentityLinked    Action = "identity_linked"
	IdentityUnlinked  Action = "identity_unlinked"
	AccountDeleted    Action = "account_deleted"
	SessionsEnded     Action = "sessions_ended"
	SigningKeyAdded   Action = "signing_key_added"
	SigningKeyRetired Action = "signing_key_retired"
)

// Kind is a kind of subjects.
type Kind string

// The kinds of subjects. The ID of a SKU is its text, all others have IDs of their own.
const (
	Product    Kind = "product"
	SKU        Kind = "sku"
	Order      Kind = "order"
	Account    Kind = "account"
	Client     Kind = "client"
	SigningKey Kind = "signing_key"
	Session    Kind = "session"
	Synonyms   Kind = "synonyms"
)
