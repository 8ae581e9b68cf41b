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

// Actor is the originator of an event. The zero Actor is an unknown client, or the process itself.
type Actor struct {
	// Customer is the ID in a verified access token.
	Customer string
	Staff    bool
	// Client is the partner's client in a verified access token.
	Client string
	// Service is the calling service, as named in its certificate.
	Service string
	// Address is the network of the client that sent the HTTP request.
	Address string
}

type originKey struct{}

// origin contains the data that all events of a context share.
type origin struct {
	journal   *Journal
	requestID string
	actor     Actor
}

func originOf(ctx context.Context) origin {
	o, _ := ctx.Value(originKey{}).(origin)
	return o
}

// With returns ctx for work on the request with this ID; the ID is "" if the work belongs to no request. Events go to journal.
func With(ctx context.Context, journal *Journal, requestID string) context.Context {
	o := originOf(ctx)
	o.journal, o.requestID = journal, requestID
	return context.WithValue(ctx, originKey{}, o)
}

// WithActor returns ctx with actor as the actor of its events. Empty fields of actor do not replace those in ctx.
func WithActor(ctx context.Context, actor Actor) context.Context {
	o := originOf(ctx)
	o.actor = Actor{
		Customer: cmp.Or(actor.Customer, o.actor.Customer), Staff: actor.Staff || o.actor.Staff,
		Client:  cmp.Or(actor.Client, o.actor.Client),
		Service: cmp.Or(actor.Service, o.actor.Service), Address: cmp.Or(actor.Address, o.actor.Address),
	}
	return context.WithValue(ctx, originKey{}, o)
}

// ActorOf returns the actor that WithActor put into ctx.
func ActorOf(ctx context.Context) Actor { return originOf(ctx).actor }

// RequestIDOf returns the ID of the request that ctx works on, or "".
func RequestIDOf(ctx context.Context) string { return originOf(ctx).requestID }

// attrs returns the known fields as log attributes.
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
	add("client", o.actor.Client)
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

// The key of this process, which is stored nowhere.
var pseudonymKey = func() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}()

// Pseudonym returns a subject for text that a client typed, such as an e-mail address without an account, because it may be a
// password in the wrong field. The same text has the same pseudonym as long as the process lives. A reader of the log cannot
// test guesses against it, because the key is secret.
func Pseudonym(typed string) string {
	mac := hmac.New(sha256.New, pseudonymKey)
	mac.Write([]byte(typed))
	return "unknown:" + hex.EncodeToString(mac.Sum(nil)[:8])
}
