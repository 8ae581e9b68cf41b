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
)

// SendWithin is how long one Send takes at most.
const SendWithin = time.Minute

// The time limit for connecting and signing in, and then for the mail.
const dialogTimeout = 15 * time.Second

// Sender sends mails over an SMTP server. It opens a connection for each mail.
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
	msg, err := s.compose(m)
	if err != nil {
		return &Error{During: "composing", cause: err}
	}
	ctx, cancel := context.WithTimeout(ctx, SendWithin)
	defer cancel()
	client, err := gomail.NewClient(s.host, append(s.options, gomail.WithDialContextFunc(s.dialUntil(ctx)))...)
	if err != nil {
		return &Error{During: "connecting", Again: true, cause: err}
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() { // it may have been accepted before the connection broke
		return nil
	}
	return classify(err)
}

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
