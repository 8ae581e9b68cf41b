package replay

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"souk/e2e/shop"
)

// account is someone who uses the shop for longer than a token lives, and while parts of it may be down.
type account struct {
	shop            *shop.Client
	email, password string

	mu     sync.Mutex
	client *shop.Client // nil while not logged in
}

// do calls the shop until it has a definite answer. What is called must be safe to be called again.
func (a *account) do(ctx context.Context, call func(*shop.Client) error) error {
	return insist(ctx, func() error {
		client, err := a.login(ctx)
		if err != nil {
			return err
		}
		err = call(client)
		if problem, ok := errors.AsType[*shop.Problem](err); ok && problem.Status == http.StatusUnauthorized {
			a.logout(client)
			return errTokenEnded
		}
		return err
	})
}

var errTokenEnded = errors.New("the token has ended")

func (a *account) login(ctx context.Context) (*shop.Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client != nil {
		return a.client, nil
	}
	client, _, err := a.shop.Login(ctx, a.email, a.password)
	if err != nil {
		return nil, err
	}
	a.client = client
	return client, nil
}

// logout forgets a session, unless someone else did and logged in again.
func (a *account) logout(client *shop.Client) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client == client {
		a.client = nil
	}
}

// register opens the account. One that is there already was opened by a call whose answer was lost.
func (a *account) register(ctx context.Context, name string) error {
	account := map[string]string{"email": a.email, "password": a.password, "name": name}
	return insist(ctx, func() error {
		err := a.shop.Do(ctx, http.MethodPost, "/v1/customers", account, nil)
		if problem, ok := errors.AsType[*shop.Problem](err); ok && problem.Code == "email_taken" {
			return nil
		}
		return err
	})
}

const mostPatience = 500 * time.Millisecond

// insist calls until the answer is definite or ctx is done.
func insist(ctx context.Context, call func() error) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, mostPatience) {
		err := call()
		if err == nil || definite(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(wait):
		}
	}
}

// definite reports whether asking again would give the same answer.
func definite(err error) bool {
	problem, ok := errors.AsType[*shop.Problem](err)
	if !ok {
		return false
	}
	switch problem.Code {
	case "unavailable", "rate_limited", "idempotency_in_progress":
		return false
	}
	return problem.Status < http.StatusInternalServerError
}
