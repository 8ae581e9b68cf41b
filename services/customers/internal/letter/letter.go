// Package letter writes and sends the mails of customers.
package letter

import (
	"context"
	"embed"
	"fmt"
	html "html/template"
	"strings"
	text "text/template"
	"time"

	"souk/platform/mail"

	"souk/services/customers/internal/customers"
)

//go:embed template
var files embed.FS

var (
	texts = text.Must(text.ParseFS(files, "template/*.txt"))
	pages = html.Must(html.ParseFS(files, "template/*.html"))
)

// kind is what differs between the kinds of letters.
type kind struct {
	subject string
	// page is the page of the storefront that the link leads to; empty for letters without a link.
	page string
}

var kinds = map[customers.MailKind]kind{
	customers.ConfirmEmail:         {"Confirm your e-mail address", "confirm-email"},
	customers.ResetPassword:        {"Set a new password", "reset-password"},
	customers.PasswordChanged:      {"Your password was changed", ""},
	customers.NewDevice:            {"A new device signed in", ""},
	customers.ChangeEmail:          {"Confirm your new e-mail address", "confirm-email"},
	customers.EmailChangeRequested: {"Your e-mail address is to be changed", ""},
	customers.EmailChanged:         {"Your e-mail address was changed", ""},
	customers.IdentityLinked:       {"A new way to sign in to your account", ""},
	customers.IdentityUnlinked:     {"A way to sign in to your account was removed", ""},
	customers.InviteStaff:          {"Your invitation to run the shop", "reset-password"},
}

// Sender is what sends a mail.
type Sender interface {
	Send(ctx context.Context, m mail.Message) error
}

// Mailer implements customers.Mailer.
type Mailer struct {
	sender Sender
	pages  string
}

var _ customers.Mailer = (*Mailer)(nil)

// New returns a mailer whose links lead to the pages of the storefront at a URL.
func New(sender Sender, pagesURL string) *Mailer {
	return &Mailer{sender: sender, pages: strings.TrimSuffix(pagesURL, "/")}
}

// Send implements customers.Mailer.
func (m *Mailer) Send(ctx context.Context, l customers.Letter) error {
	message, err := m.write(l)
	if err != nil {
		return err
	}
	return m.sender.Send(ctx, message)
}

// content is what the templates show.
type content struct {
	Subject, Link, Life, Device string
}

// write returns the mail of a letter. The token is in the part of the link that browsers send to no server.
func (m *Mailer) write(l customers.Letter) (mail.Message, error) {
	k, ok := kinds[l.Kind]
	if !ok {
		return mail.Message{}, fmt.Errorf("%w: there is no text for %s", mail.ErrRefused, l.Kind)
	}
	c := content{Subject: k.subject, Life: spell(l.TokenLife), Device: l.Device}
	if k.page != "" {
		c.Link = m.pages + "/" + k.page + "#token=" + string(l.Token)
	}
	var plain, page strings.Builder
	if err := texts.ExecuteTemplate(&plain, string(l.Kind)+".txt", c); err != nil {
		return mail.Message{}, err
	}
	if err := pages.ExecuteTemplate(&page, string(l.Kind)+".html", c); err != nil {
		return mail.Message{}, err
	}
	return mail.Message{ID: l.MessageID, To: l.To, Subject: k.subject, Text: plain.String(), HTML: page.String()}, nil
}

// spell returns a time in whole hours in words.
func spell(life time.Duration) string {
	if life == time.Hour {
		return "one hour"
	}
	return fmt.Sprintf("%d hours", int(life.Hours()))
}
