// Package letter writes and sends the mails about orders.
package letter

import (
	"context"
	"embed"
	"fmt"
	html "html/template"
	"strings"
	text "text/template"

	"souk/platform/mail"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/outbox"
)

//go:embed template
var files embed.FS

var (
	plain = text.Must(text.ParseFS(files, "template/order.txt"))
	page  = html.Must(html.ParseFS(files, "template/order.html"))
)

// kind is what differs between the kinds of letters.
type kind struct {
	// subject has a place for the number of the order.
	subject string
	intro   string
	// detail is what the detail of the event is; empty if it is not shown.
	detail string
	// lines is whether the lines and the total are shown.
	lines bool
	// page is the page of the storefront that the link leads to; empty for letters without a link.
	page string
}

var kinds = map[order.MailKind]kind{
	order.MailConfirmed: {
		subject: "Your order %s is confirmed", intro: "Thank you for your order. You get another mail when it is on its way.", lines: true,
	},
	order.MailDispatched: {
		subject: "Your order %s is on its way", intro: "Your order has left our warehouse.", detail: "Carrier", lines: true,
	},
	order.MailDelivered: {subject: "Your order %s was delivered", intro: "Your parcel has arrived.", lines: true},
	order.MailCancelled: {
		subject: "Your order %s is cancelled", intro: "Your order is cancelled. Money that was reserved or taken for it goes back to you.", lines: true,
	},
	order.MailReturnReceived: {
		subject: "We have received your return", intro: "The goods that you have sent back have arrived.", detail: "Their value",
	},
	order.MailRefunded: {
		subject: "Your refund for order %s", detail: "Amount",
		intro: "We have sent money back to you, the way that you paid. It may take your bank some days to show it.",
	},
	order.MailLookup: {
		subject: "Your link to order %s", page: "orders",
		intro: "Somebody has asked for a link to your order. If it was not you, do nothing, and do not show anybody the link.",
	},
}

// Sender is what sends mails.
type Sender interface {
	SendAll(ctx context.Context, mails []mail.Message) []error
}

// Mailer implements outbox.Mailer.
type Mailer struct {
	sender Sender
	pages  string
}

var _ outbox.Mailer = (*Mailer)(nil)

// New returns a mailer whose links lead to the pages of the storefront at a URL.
func New(sender Sender, pagesURL string) *Mailer {
	return &Mailer{sender: sender, pages: strings.TrimSuffix(pagesURL, "/")}
}

// Send implements outbox.Mailer.
func (m *Mailer) Send(ctx context.Context, letters []outbox.Letter) []error {
	errs := make([]error, len(letters))
	var mails []mail.Message
	var written []int // the letters of the mails
	for i, l := range letters {
		message, err := m.write(l)
		if err != nil {
			errs[i] = err
			continue
		}
		mails, written = append(mails, message), append(written, i)
	}
	if len(mails) == 0 {
		return errs
	}
	for i, err := range m.sender.SendAll(ctx, mails) {
		errs[written[i]] = err
	}
	return errs
}

// content is what the templates show.
type content struct {
	Subject, Intro, Number string
	// DetailName and Detail are empty if there is nothing to add.
	DetailName, Detail string
	// Lines are empty if they are not shown.
	Lines           []order.Line
	Shipping, Total string
	// Link and Life are empty without a link.
	Link, Life string
}

// write returns the mail of a letter. The token is in the part of the link that browsers send to no server.
func (m *Mailer) write(l outbox.Letter) (mail.Message, error) {
	k, ok := kinds[l.Kind]
	if !ok {
		return mail.Message{}, fmt.Errorf("%w: there is no text for %s", mail.ErrRefused, l.Kind)
	}
	c := content{
		Subject: strings.Replace(k.subject, "%s", l.Number, 1), Intro: k.intro, Number: l.Number,
		Shipping: l.Totals.Shipping.String(), Total: l.Totals.Total.String(),
	}
	if k.detail != "" && l.Detail != "" {
		c.DetailName, c.Detail = k.detail, l.Detail
	}
	if k.lines {
		c.Lines = l.Lines
	}
	if k.page != "" {
		c.Link, c.Life = m.pages+"/"+k.page+"#token="+string(l.Token), fmt.Sprintf("%d minutes", int(l.TokenLife.Minutes()))
	}
	var asText, asPage strings.Builder
	if err := plain.Execute(&asText, c); err != nil {
		return mail.Message{}, err
	}
	if err := page.Execute(&asPage, c); err != nil {
		return mail.Message{}, err
	}
	return mail.Message{ID: l.MessageID, To: l.To, Subject: c.Subject, Text: asText.String(), HTML: asPage.String()}, nil
}
