package security

// Kind is a kind of event. Its name appears in logs and counters, and must not change.
type Kind string

// The kinds of events. docs/security-events.md says where each is logged and with which fields.
const (
	// AccessRefused: an access rule refused a caller, or the caller had no valid token or certificate.
	AccessRefused Kind = "access_refused"
	// RateLimited: a client was refused because it sent too many requests.
	RateLimited Kind = "rate_limited"

	// AccountOpened: an account was registered.
	AccountOpened Kind = "account_opened"
	// AccountDeleted: an account was deleted by its owner.
	AccountDeleted Kind = "account_deleted"
	// SignInSucceeded: a session was opened with a password.
	SignInSucceeded Kind = "sign_in_succeeded"
	// SignInFailed: the password was wrong, or the account does not exist.
	SignInFailed Kind = "sign_in_failed"
	// SignedOut: a session was ended by its owner.
	SignedOut Kind = "signed_out"
	// SessionRevoked: a session was ended because a used-up or invalid refresh token was presented for it.
	SessionRevoked Kind = "session_revoked"
	// PasswordChanged: the owner changed the password.
	PasswordChanged Kind = "password_changed"
	// PasswordConfirmationFailed: somebody in a session gave a wrong current password.
	PasswordConfirmationFailed Kind = "password_confirmation_failed"
	// RoleGranted: an account got a role.
	RoleGranted Kind = "role_granted"
	// PasswordResetMailed: a token for a new password is sent to the owner of an account, because somebody asked for it.
	PasswordResetMailed Kind = "password_reset_mailed"
	// EmailVerified: the owner of an e-mail address has confirmed it with the token of a mail.
	EmailVerified Kind = "email_verified"
	// MailTokenRefused: somebody presented a token of a mail that is unknown, used, superseded or expired.
	MailTokenRefused Kind = "mail_token_refused"

	// SigningKeyAdded: a key for access tokens was added.
	SigningKeyAdded Kind = "signing_key_added"
	// SigningKeyRetired: a key for access tokens is no longer published.
	SigningKeyRetired Kind = "signing_key_retired"
	// RootReplaced: the certificate authority has a new root.
	RootReplaced Kind = "root_replaced"

	// RefundDecided: staff decided to refund money, or to accept returned goods for a refund.
	RefundDecided Kind = "refund_decided"
	// ReturnRefused: staff refused a return.
	ReturnRefused Kind = "return_refused"
	// RefundMade: the payment provider accepted a refund.
	RefundMade Kind = "refund_made"
	// StockAdjusted: staff adjusted the stock.
	StockAdjusted Kind = "stock_adjusted"
)

// Kinds returns all kinds.
func Kinds() []Kind {
	return []Kind{
		AccessRefused, RateLimited,
		AccountOpened, AccountDeleted, SignInSucceeded, SignInFailed, SignedOut, SessionRevoked, PasswordChanged,
		PasswordConfirmationFailed, RoleGranted, PasswordResetMailed, EmailVerified, MailTokenRefused,
		SigningKeyAdded, SigningKeyRetired, RootReplaced,
		RefundDecided, ReturnRefused, RefundMade, StockAdjusted,
	}
}
