// Package mail sends mails over SMTP.
package mail

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// Message is a mail to one person.
type Message struct {
	// ID makes the header Message-ID. A mail that is sent again, because it is not known whether it arrived, has the same ID. So the
	// receiver can tell.
	ID string
	// To is the address, and Name the name of its owner; the name may be empty.
	To, Name   string
	Subject    string
	Text, HTML string
}

func (s *Sender) compose(m Message) (*gomail.Msg, error) {
	for what, line := range map[string]string{"id": m.ID, "address": m.To, "name": m.Name, "subject": m.Subject} {
		if !isLine(line) {
			return nil, fmt.Errorf("the %s has a line break or another control character", what)
		}
	}
	if m.ID == "" || strings.ContainsAny(m.ID, "<>@ ") {
		return nil, errors.New("the id is no part of a Message-ID")
	}
	local, domain, err := split(m.To)
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, s.from)
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderTo, &netmail.Address{Name: m.Name, Address: local + "@" + domain})
	msg.SetMessageIDWithValue(m.ID + "@" + s.domain)
	msg.SetDate()
	// RFC 3834: so that no program answers.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.Subject(m.Subject)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

// isLine reports whether text is a single line of UTF-8.
func isLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// split returns the parts of an address, with the domain as mail servers look it up (in ASCII).
func split(address string) (local, domain string, err error) {
	parsed, err := netmail.ParseAddress(address)
	if err != nil || parsed.Address != address || parsed.Name != "" {
		return "", "", errors.New("the address is not one of a mailbox")
	}
	at := strings.LastIndexByte(address, '@')
	domain, err = idna.Lookup.ToASCII(address[at+1:])
	if err != nil {
		return "", "", errors.New("the domain of the address is not one of the DNS")
	}
	return address[:at], domain, nil
}
