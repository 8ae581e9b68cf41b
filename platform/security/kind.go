package security

// Kind is what happened. The name is what logs and counters show, and does not change.
type Kind string

// The vocabulary. docs/security-events.md says where each is logged and with which fields.
const (
	// AccessRefused: a caller was refused by an access rule, or showed no token or certificate that holds.
	AccessRefused Kind = "access_refused"
	// RateLimited: a client was refused for having asked too often.
	RateLimited Kind = "rate_limited"

	// AccountOpened: an account was registered.
	AccountOpened Kind = "account_opened"
	// AccountDeleted: an account was deleted by its owner.
	AccountDeleted Kind = "account_deleted"
	// SignInSucceeded: a session was opened by a password.
	SignInSucceeded Kind = "sign_in_succeeded"
	// SignInFailed: a wrong password, or an account that does not exist.
	SignInFailed Kind = "sign_in_failed"
	// SignedOut: a session was ended by its owner.
	SignedOut Kind = "signed_out"
	// SessionRevoked: a session was ended because a refresh token that was spent, or is no good, was used for it.
	SessionRevoked Kind = "session_revoked"
	// PasswordChanged: the owner set another password.
	PasswordChanged Kind = "password_changed"
	// PasswordConfirmationFailed: somebody in a session gave a wrong current password.
	PasswordConfirmationFailed Kind = "password_confirmation_failed"
	// RoleGranted: an account got a role.
	RoleGranted Kind = "role_granted"

	// SigningKeyAdded: there is another key for access tokens.
	SigningKeyAdded Kind = "signing_key_added"
	// SigningKeyRetired: a key for access tokens is published no more.
	SigningKeyRetired Kind = "signing_key_retired"
	// RootReplaced: the certificate authority has another root.
	RootReplaced Kind = "root_replaced"

	// RefundDecided: staff decided to give money back, or to take goods back for money.
	RefundDecided Kind = "refund_decided"
	// RefundMade: the payment provider was asked to give money back, and took it on.
	RefundMade Kind = "refund_made"
	// StockAdjusted: staff changed what is on hand.
	StockAdjusted Kind = "stock_adjusted"
)

// Kinds returns the whole vocabulary.
func Kinds() []Kind {
	return []Kind{
		AccessRefused, RateLimited,
		AccountOpened, AccountDeleted, SignInSucceeded, SignInFailed, SignedOut, SessionRevoked, PasswordChanged,
		PasswordConfirmationFailed, RoleGranted,
		SigningKeyAdded, SigningKeyRetired, RootReplaced,
		RefundDecided, RefundMade, StockAdjusted,
	}
}
