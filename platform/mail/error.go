package mail

import (
	"context"
	"errors"
	"fmt"
	"net"

	gomail "github.com/wneessen/go-mail"
)

// An Error is one of these if it makes no sense to send the mail again.
var (
	// ErrAddressRefused is for an address that its server refuses for good.
	ErrAddressRefused = errors.New("the address is refused")
	// ErrRefused is for a mail that can never be sent.
	ErrRefused = errors.New("the mail is refused")
)

// Error says why a mail was not sent. It contains nothing that the server wrote, because servers repeat the address.
type Error struct {
	// During is the step that failed.
	During string
	// Code is the server's reply (RFC 5321, 4.2.3), or 0 if there was none.
	Code int
	// Again is whether the mail can be sent later.
	Again bool
	// BadAddress is whether the server has refused the address for good.
	BadAddress bool

	cause error
}

func (e *Error) Error() string {
	text := "mail: " + e.During
	if e.Code != 0 {
		text += fmt.Sprintf(": the server replied %d", e.Code)
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause, if it may be shown.
func (e *Error) Unwrap() error { return e.cause }

// Is implements what errors.Is looks for.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrAddressRefused:
		return !e.Again && e.BadAddress
	case ErrRefused:
		return !e.Again && !e.BadAddress
	}
	return false
}

// classify returns the *Error for an error of the library. A reply of 5xx to the recipient or to the content is final. To anything before,
// it is not: then the server does not accept us, whoever the mail is for, which the operator can change.
func classify(err error) error {
	var sendErr *gomail.SendError
	if !errors.As(err, &sendErr) {
		return &Error{During: "connecting", Again: true, cause: shown(err)}
	}
	e := &Error{During: sendErr.Reason.String(), Code: sendErr.ErrorCode(), Again: true}
	if e.Code < 500 || e.Code > 599 {
		return e
	}
	switch sendErr.Reason {
	case gomail.ErrSMTPRcptTo:
		e.Again, e.BadAddress = false, true
	case gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		e.Again = false
	default:
	}
	return e
}

// shown returns the part of an error of connecting that is certain to contain nothing of the server's text.
func shown(err error) error {
	var opErr *net.OpError
	switch {
	case errors.As(err, &opErr):
		return opErr
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	return errors.New("no session with the server: its greeting, encryption or sign-in failed")
}
