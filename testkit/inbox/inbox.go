// Package inbox is an SMTP server that delivers nothing: it keeps the last mails in memory and shows them, on a page and as JSON. `make run`
// sends the shop's mails to one, and so do tests.
package inbox

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// most is how many mails are kept unless a Config says otherwise. Older ones are forgotten.
const most = 1000

// Config contains what tests change of an inbox. The zero Config accepts everything, without encryption.
type Config struct {
	// Addr is the address (host:port) of the SMTP server; empty for a free port on 127.0.0.1.
	Addr string
	// TLS offers STARTTLS, or encrypts from the start if Implicit is set.
	TLS      *tls.Config
	Implicit bool
	// User and Password are needed for signing in, if they are set.
	User, Password string
	// Reply decides about a command: MAIL, RCPT with the address, or DATA. It returns nil, or what Refusal returns. May be nil.
	Reply func(command, address string) error
	// Keep is how many mails are kept; 0 for 1000.
	Keep int
}

// Refusal returns the answer of a server that refuses a command: 5xx for good, 4xx for now.
func Refusal(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: text}
}

// Inbox is a running server.
type Inbox struct {
	cfg      Config
	server   *smtp.Server
	listener net.Listener

	mu    sync.Mutex
	mails []Mail
	count int

	connections atomic.Int64
}

// Start starts a server.
func Start(cfg Config) (*Inbox, error) {
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	cfg.Keep = cmp.Or(cfg.Keep, most)
	b := &Inbox{cfg: cfg}
	b.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		b.connections.Add(1)
		return &session{inbox: b}, nil
	}))
	b.server.Domain = "localhost"
	b.server.EnableSMTPUTF8 = true
	b.server.ErrorLog = log.New(io.Discard, "", 0)
	b.server.MaxMessageBytes = 1 << 20
	b.server.ReadTimeout, b.server.WriteTimeout = time.Minute, time.Minute
	if !cfg.Implicit {
		b.server.TLSConfig = cfg.TLS
	}
	listener, err := net.Listen("tcp", cfg.Addr) //nolint:noctx // it is closed with the server
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	if cfg.Implicit {
		listener = tls.NewListener(listener, cfg.TLS)
	}
	b.listener = listener
	go func() { _ = b.server.Serve(listener) }()
	return b, nil
}

// Addr returns the address (host:port) of the SMTP server.
func (b *Inbox) Addr() string { return b.listener.Addr().String() }

// Close ends the server and its connections.
func (b *Inbox) Close() error {
	_ = b.listener.Close() // which the server may not know yet
	if err := b.server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Mails returns the kept mails, the oldest first.
func (b *Inbox) Mails() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}

// Connections returns how many connections there were.
func (b *Inbox) Connections() int { return int(b.connections.Load()) }

// To returns the mails that were sent to an address.
func (b *Inbox) To(address string) []Mail {
	return slices.DeleteFunc(b.Mails(), func(m Mail) bool { return m.To != address })
}

func (b *Inbox) keep(m Mail) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	m.Number = b.count
	b.mails = append(b.mails, m)
	if len(b.mails) > b.cfg.Keep {
		b.mails = slices.Delete(b.mails, 0, len(b.mails)-b.cfg.Keep)
	}
}

// session is one connection.
type session struct {
	inbox    *Inbox
	signedIn bool
	from, to string
}

var _ smtp.AuthSession = (*session)(nil)

func (s *session) AuthMechanisms() []string {
	if s.inbox.cfg.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.inbox.cfg.User || password != s.inbox.cfg.Password {
			return errors.New("wrong user or password")
		}
		s.signedIn = true
		return nil
	}), nil
}

func (s *session) reply(command, address string) error {
	if s.inbox.cfg.User != "" && !s.signedIn {
		return smtp.ErrAuthRequired
	}
	if s.inbox.cfg.Reply == nil {
		return nil
	}
	return s.inbox.cfg.Reply(command, address)
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return s.reply("MAIL", from)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.reply("RCPT", to)
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.reply("DATA", s.to); err != nil {
		return err
	}
	m, err := parse(content)
	if err != nil {
		return Refusal(554, "malformed: "+err.Error())
	}
	m.From, m.To, m.ReceivedAt = s.from, s.to, time.Now().UTC()
	s.inbox.keep(m)
	return nil
}

func (s *session) Reset() { s.from, s.to = "", "" }

func (s *session) Logout() error { return nil }
