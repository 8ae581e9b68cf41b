package letter_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"souk/platform/mail"
	"souk/platform/money"

	"souk/services/orders/internal/letter"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/outbox"
)

// post is a sender that keeps the last message.
type post struct {
	last   mail.Message
	result error
}

func (p *post) SendAll(_ context.Context, mails []mail.Message) []error {
	p.last = mails[len(mails)-1]
	return slices.Repeat([]error{p.result}, len(mails))
}

// send sends one letter.
func send(t *testing.T, p *post, l outbox.Letter) error {
	t.Helper()
	errs := letter.New(p, "https://shop.example/").Send(t.Context(), []outbox.Letter{l})
	if len(errs) != 1 {
		t.Fatalf("%d errors of one letter", len(errs))
	}
	return errs[0]
}

func sample(kind order.MailKind) outbox.Letter {
	return outbox.Letter{
		MessageID: "0199.2", Kind: kind, To: "ada@example.com", Number: "K7Q2-9FHM", Detail: "the detail",
		Lines: []order.Line{{SKU: "MUG", Title: "Mug <blue>", Quantity: 3, LineTotal: money.New(3750, "GBP")}},
		Totals: order.Totals{
			Subtotal: money.New(3750, "GBP"), Shipping: money.New(395, "GBP"), Tax: money.New(0, "GBP"), Total: money.New(4145, "GBP"),
		},
	}
}

func TestALetterTellsTheSameInBothForms(t *testing.T) {
	t.Parallel()
	for kind, shows := range map[order.MailKind]struct{ detail, lines bool }{
		order.MailConfirmed: {false, true}, order.MailDispatched: {true, true}, order.MailDelivered: {false, true},
		order.MailCancelled: {false, true}, order.MailReturnReceived: {true, false}, order.MailRefunded: {true, false},
	} {
		p := &post{}
		if err := send(t, p, sample(kind)); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		m := p.last
		if m.ID != "0199.2" || m.To != "ada@example.com" || m.Name != "" || m.Subject == "" || strings.Contains(m.Subject, "%") {
			t.Errorf("%s: %+v", kind, m)
		}
		for form, text := range map[string]string{"text": m.Text, "HTML": m.HTML} {
			if !strings.Contains(text, "K7Q2-9FHM") || strings.Contains(text, "<no value>") {
				t.Errorf("the %s of %s: %s", form, kind, text)
			}
			if strings.Contains(text, "the detail") != shows.detail {
				t.Errorf("the %s of %s shows the detail: %t", form, kind, !shows.detail)
			}
			if all := strings.Contains(text, "Mug") && strings.Contains(text, "37.50 GBP") && strings.Contains(text, "3.95 GBP") && strings.Contains(text, "41.45 GBP"); all != shows.lines {
				t.Errorf("the %s of %s: %s", form, kind, text)
			}
		}
		if strings.Contains(m.HTML, "<blue>") || !strings.Contains(m.HTML, "<title>"+m.Subject+"</title>") {
			t.Errorf("the HTML of %s: %s", kind, m.HTML)
		}
	}
}

func TestALinkHasItsTokenWhereNoServerSeesIt(t *testing.T) {
	t.Parallel()
	p := &post{}
	l := sample(order.MailLookup)
	l.Token, l.TokenLife = "secret-Token_1", time.Hour
	if err := send(t, p, l); err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"text": p.last.Text, "HTML": p.last.HTML} {
		if !strings.Contains(text, "https://shop.example/orders#token=secret-Token_1") || !strings.Contains(text, "60 minutes") || strings.Contains(text, "Mug") {
			t.Errorf("the %s: %s", form, text)
		}
	}
	if strings.Contains(p.last.Subject, "secret") {
		t.Errorf("the subject: %s", p.last.Subject)
	}
}

func TestARefusalSaysWhetherTheAddressIsBad(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		result error
		want   error
	}{
		{nil, nil},
		{&mail.Error{During: "x", Again: true}, nil},
		{&mail.Error{During: "x", BadAddress: true}, mail.ErrAddressRefused},
		{&mail.Error{During: "x"}, mail.ErrRefused},
	} {
		err := send(t, &post{result: test.result}, sample(order.MailConfirmed))
		for _, refusal := range []error{mail.ErrAddressRefused, mail.ErrRefused} {
			if errors.Is(err, refusal) != errors.Is(test.want, refusal) || (err == nil) != (test.result == nil) {
				t.Errorf("%v: %v, want %v", test.result, err, test.want)
			}
		}
	}
	unknown := sample("of a later version")
	if errs := letter.New(&post{}, "").Send(t.Context(), []outbox.Letter{unknown, sample(order.MailConfirmed), unknown}); len(errs) != 3 ||
		!errors.Is(errs[0], mail.ErrRefused) || errs[1] != nil || !errors.Is(errs[2], mail.ErrRefused) {
		t.Errorf("letters without a text around one with a text: %v", errs)
	}
}
