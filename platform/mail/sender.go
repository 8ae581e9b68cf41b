package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	netmail "net/mail"
	"slices"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// SendWithin is how long one Send or SendAll takes at most.
const SendWithin = time.Minute

// The time limit for connecting and signing in, and then for each mail.
const dialogTimeout = 15 * time.Second

// Sender sends mails over an SMTP server. It opens a connection for each call.
type Sender struct {
	host    string
	tls     *tls.Config
	kind    TLS
	options []gomail.Option
	from    *netmail.Address
	domain  string
}

// New returns a sender for a valid configuration with an Addr.
func New(cfg Config) (*Sender, error) { return newSender(cfg, nil) }

// newSender trusts roots instead of those of the machine, unless they are nil.
func newSender(cfg Config, roots *x509.CertPool) (*Sender, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	from, err := netmail.ParseAddress(cfg.From)
	if err != nil {
		return nil, fmt.Errorf("SOUK_MAIL_FROM: %w", err)
	}
	_, domain, err := split(from.Address)
	if err != nil {
		return nil, fmt.Errorf("SOUK_MAIL_FROM: %w", err)
	}
	host, portText, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("SOUK_SMTP_ADDR: %w", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("SOUK_SMTP_ADDR: %w", err)
	}
	s := &Sender{
		host: host, kind: cfg.TLS, from: from, domain: domain,
		tls: &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12},
	}
	s.options = slices.Clip(append(s.session(cfg), gomail.WithPort(port), gomail.WithTimeout(dialogTimeout), gomail.WithHELO(domain), gomail.WithoutNoop()))
	return s, nil
}

// session returns the options for the encryption of a session and for signing in.
func (s *Sender) session(cfg Config) []gomail.Option {
	policies := map[TLS]gomail.Option{
		STARTTLS: gomail.WithTLSPolicy(gomail.TLSMandatory), Implicit: gomail.WithSSL(), Off: gomail.WithTLSPolicy(gomail.NoTLS),
	}
	options := []gomail.Option{gomail.WithTLSConfig(s.tls), policies[cfg.TLS]}
	if cfg.User == "" {
		return options
	}
	return append(options, gomail.WithUsername(cfg.User), gomail.WithPassword(string(cfg.Password)),
		gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
}

// Send sends a mail. If it returns no error, the server has accepted the mail. After an *Error with Again, the mail may be sent later, with
// the same ID. No error contains the address or a part of the mail, so that it can be logged.
func (s *Sender) Send(ctx context.Context, m Message) error {
	return s.SendAll(ctx, []Message{m})[0]
}

// SendAll sends mails over one connection, in order. It returns for each what Send does.
func (s *Sender) SendAll(ctx context.Context, mails []Message) []error {
	ctx, cancel := context.WithTimeout(ctx, SendWithin)
	defer cancel()
	errs, composed := make([]error, len(mails)), make([]*gomail.Msg, len(mails))
	for i, m := range mails {
		var err error
		if composed[i], err = s.compose(m); err != nil {
			errs[i] = &Error{During: "composing", cause: err}
		}
	}
	if !slices.Contains(errs, nil) {
		return errs
	}
	connection, connecting := s.connect(ctx)
	if connecting == nil {
		defer connection.end()
	}
	for i, msg := range composed {
		switch {
		case errs[i] != nil:
		case connecting != nil:
			errs[i] = connecting
		default:
			errs[i] = connection.send(msg)
		}
	}
	return errs
}

// connection is a session with the server.
type connection struct {
	client *gomail.Client
	smtp   *smtp.Client
}

func (s *Sender) connect(ctx context.Context) (connection, error) {
	client, err := gomail.NewClient(s.host, append(s.options, gomail.WithDialContextFunc(s.dialUntil(ctx)))...)
	if err != nil {
		return connection{}, &Error{During: "connecting", Again: true, cause: err}
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return connection{}, classify(err)
	}
	return connection{client, session}, nil
}

func (c connection) send(msg *gomail.Msg) error {
	err := c.client.SendWithSMTPClient(c.smtp, msg)
	if err == nil || msg.IsDelivered() { // it may have been accepted before the connection broke
		return nil
	}
	return classify(err)
}

func (c connection) end() { _ = c.client.CloseWithSMTPClient(c.smtp) } // the server has accepted what it has accepted

// dialUntil returns a function that opens connections which are closed when ctx is done. The library itself leaves a connection open if
// the session cannot begin.
func (s *Sender) dialUntil(ctx context.Context) gomail.DialContextFunc {
	return func(dialing context.Context, network, address string) (net.Conn, error) {
		var conn net.Conn
		var err error
		if s.kind == Implicit {
			conn, err = (&tls.Dialer{Config: s.tls}).DialContext(dialing, network, address)
		} else {
			conn, err = (&net.Dialer{}).DialContext(dialing, network, address)
		}
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
}
