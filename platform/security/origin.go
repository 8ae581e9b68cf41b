package security

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
)

// Actor is who does something. The zero Actor is a stranger, or the process itself.
type Actor struct {
	// Customer is the id in a verified access token.
	Customer string
	Staff    bool
	// Service is the service of the shop that makes the call, by its certificate.
	Service string
	// Address is the network that an HTTP request comes from.
	Address string
}

type originKey struct{}

// origin is what the events of a context have in common.
type origin struct {
	journal   *Journal
	requestID string
	actor     Actor
}

func originOf(ctx context.Context) origin {
	o, _ := ctx.Value(originKey{}).(origin)
	return o
}

// With returns ctx for the work on a request with that id, "" if it has none, whose events go to journal.
func With(ctx context.Context, journal *Journal, requestID string) context.Context {
	o := originOf(ctx)
	o.journal, o.requestID = journal, requestID
	return context.WithValue(ctx, originKey{}, o)
}

// WithActor returns ctx for what actor does. What is not known of actor stays as ctx has it.
func WithActor(ctx context.Context, actor Actor) context.Context {
	o := originOf(ctx)
	o.actor = Actor{
		Customer: cmp.Or(actor.Customer, o.actor.Customer), Staff: actor.Staff || o.actor.Staff,
		Service: cmp.Or(actor.Service, o.actor.Service), Address: cmp.Or(actor.Address, o.actor.Address),
	}
	return context.WithValue(ctx, originKey{}, o)
}

// attrs returns what is known.
func (o origin) attrs() []slog.Attr {
	var actor []any
	add := func(key, value string) {
		if value != "" {
			actor = append(actor, slog.String(key, value))
		}
	}
	add("customer", o.actor.Customer)
	if o.actor.Staff {
		actor = append(actor, slog.Bool("staff", true))
	}
	add("service", o.actor.Service)
	add("address", o.actor.Address)
	var all []slog.Attr
	if len(actor) > 0 {
		all = append(all, slog.Group("actor", actor...))
	}
	if o.requestID != "" {
		all = append(all, slog.String("request_id", o.requestID))
	}
	return all
}

// The key of this process, which is nowhere else.
var pseudonymKey = func() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}()

// Pseudonym returns the subject for what a client typed, such as the e-mail of an account that does not exist: it may be a
// password in the wrong field. The same text has the same pseudonym for as long as the process lives, and nobody who reads the
// log can try texts against it.
func Pseudonym(typed string) string {
	mac := hmac.New(sha256.New, pseudonymKey)
	mac.Write([]byte(typed))
	return "unknown:" + hex.EncodeToString(mac.Sum(nil)[:8])
}
