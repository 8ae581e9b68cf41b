package shop

import (
	"context"
	"sync"
	"time"
)

// login logs a client in again before its access token expires, which is soon for staff: tests and tools take longer.
type login struct {
	email, password string

	mu    sync.Mutex
	token string
	renew time.Time
}

func newLogin(email, password string, session Session) *login {
	l := &login{email: email, password: password}
	l.use(session)
	return l
}

func (l *login) use(session Session) {
	l.token, l.renew = session.AccessToken, time.Now().Add(time.Duration(session.ExpiresIn)*time.Second*3/4)
}

// token returns the client's access token. If it cannot be renewed, because the shop is away or the password was changed, it stays as it is.
func (c *Client) token(ctx context.Context) string {
	if c.login == nil {
		return c.Token
	}
	c.login.mu.Lock()
	defer c.login.mu.Unlock()
	if time.Now().After(c.login.renew) {
		if _, session, err := c.As("").Login(ctx, c.login.email, c.login.password); err == nil {
			c.login.use(session)
		}
	}
	return c.login.token
}
