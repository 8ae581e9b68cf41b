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
	// SignInSucceeded: a session was opened with a password, or with a provider.
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
	// RolesChanged: an account of staff got other roles.
	RolesChanged Kind = "roles_changed"
	// StaffDisabled: an account of staff was disabled.
	StaffDisabled Kind = "staff_disabled"
	// ClientCreated: a client of a partner was added.
	ClientCreated Kind = "client_created"
	// ClientDeleted: a client of a partner was deleted.
	ClientDeleted Kind = "client_deleted"
	// ClientRefused: somebody presented a secret of a client that is wrong, expired or deleted.
	ClientRefused Kind = "client_refused"
	// PasswordResetMailed: a token for a new password is sent to the owner of an account, because somebody asked for it.
	PasswordResetMailed Kind = "password_reset_mailed"
	// EmailVerified: the owner of an e-mail address has confirmed it with the token of a mail.
	EmailVerified Kind = "email_verified"
	// EmailChanged: an account got another e-mail address, which its owner has confirmed with the token of a mail.
	EmailChanged Kind = "email_changed"
	// SecondFactorAdded: logins to an account ask for a code from now on.
	SecondFactorAdded Kind = "second_factor_added"
	// SecondFactorRemoved: logins to an account ask for no code any more.
	SecondFactorRemoved Kind = "second_factor_removed"
	// CodeRefused: somebody who knows the password, or has a session, gave a wrong code of the second factor.
	CodeRefused Kind = "code_refused"
	// IdentityLinked: somebody can sign in to an account with a provider from now on.
	IdentityLinked Kind = "identity_linked"
	// IdentityUnlinked: the account can no longer be signed in to with a provider.
	IdentityUnlinked Kind = "identity_unlinked"
	// IdentityRefused: somebody in a session tried to link an identity that must not be linked to the account.
	IdentityRefused Kind = "identity_refused"
	// ProviderSignInRefused: a browser brought back an answer of a provider, or a one-time code, that proves nothing.
	ProviderSignInRefused Kind = "provider_sign_in_refused"
	// MailTokenRefused: somebody presented a token of a mail that is unknown, used, superseded or expired.
	MailTokenRefused Kind = "mail_token_refused"
	// OrderLookedUp: a guest got access to an order with the token of a mail.
	OrderLookedUp Kind = "order_looked_up"

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
		PasswordConfirmationFailed, RoleGranted, RolesChanged, StaffDisabled, ClientCreated, ClientDeleted, ClientRefused, PasswordResetMailed, EmailVerified, EmailChanged, MailTokenRefused, OrderLookedUp,
		SecondFactorAdded, SecondFactorRemoved, CodeRefused,
		IdentityLinked, IdentityUnlinked, IdentityRefused, ProviderSignInRefused,
		SigningKeyAdded, SigningKeyRetired, RootReplaced,
		RefundDecided, ReturnRefused, RefundMade, StockAdjusted,
	}
}
