package mail

import (
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"

	"souk/platform/secret"
)

// TLS says how a connection to the SMTP server is encrypted.
type TLS string

// The kinds of encryption. STARTTLS and Implicit require it: a server without it gets no mail.
const (
	STARTTLS TLS = "starttls"
	Implicit TLS = "tls"
	Off      TLS = "off"
)

// Config contains the settings of an SMTP server.
type Config struct {
	// Addr is the address (host:port) of the server; without one, no mails can be sent.
	Addr string `env:"SMTP_ADDR"`
	// User and Password sign in to the server, if they are set.
	User     string      `env:"SMTP_USER"`
	Password secret.Text `env:"SMTP_PASSWORD"`
	TLS      TLS         `env:"SMTP_TLS" envDefault:"starttls"`
	// From is the sender, as in: Souk <shop@example.com>.
	From string `env:"MAIL_FROM"`
}

// Validate returns an error that names the invalid setting. Without Addr, nothing else is needed.
func (c *Config) Validate() error {
	if c.Addr == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if number, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || number == 0 || host == "" {
		return fmt.Errorf("SOUK_SMTP_ADDR: %q is not host:port", c.Addr)
	}
	switch c.TLS {
	case STARTTLS, Implicit, Off:
	default:
		return fmt.Errorf("SOUK_SMTP_TLS: %q is none of starttls, tls and off", string(c.TLS))
	}
	if (c.User == "") != (c.Password == "") {
		return errors.New("SOUK_SMTP_USER and SOUK_SMTP_PASSWORD go together")
	}
	if c.Password != "" && c.TLS == Off {
		return errors.New("SOUK_SMTP_PASSWORD would be sent unencrypted: SOUK_SMTP_TLS must not be off")
	}
	if c.From == "" {
		return errors.New("SOUK_MAIL_FROM must be set with SOUK_SMTP_ADDR")
	}
	if _, err := netmail.ParseAddress(c.From); err != nil {
		return fmt.Errorf("SOUK_MAIL_FROM: %q is not an address as in: Souk <shop@example.com>", c.From)
	}
	return nil
}
