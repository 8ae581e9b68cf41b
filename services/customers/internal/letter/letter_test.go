package letter_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"souk/platform/mail"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/letter"
)

// post is a sender that keeps the last message.
type post struct {
	last   mail.Message
	result error
}

func (p *post) Send(_ context.Context, m mail.Message) error {
	p.last = m
	return p.result
}

var tokens = regexp.MustCompile(`#token=([A-Za-z0-9_-]+)`)

func TestALetterHasItsLinkInBothForms(t *testing.T) {
	t.Parallel()
	for kind, page := range map[customers.MailKind]string{
		customers.ConfirmEmail: "confirm-email", customers.ResetPassword: "reset-password", customers.PasswordChanged: "",
		customers.ChangeEmail: "confirm-email", customers.EmailChangeRequested: "", customers.EmailChanged: "", customers.NewDevice: "",
		customers.InviteStaff: "reset-password", customers.IdentityLinked: "", customers.IdentityUnlinked: "",
	} {
		for _, base := range []string{"https://shop.example", "https://shop.example/", "https://shop.example/pages"} {
			p := &post{}
			l := customers.Letter{MessageID: "0199", Kind: kind, To: "ada@example.com", Token: "secret-Token_1", TokenLife: 24 * time.Hour}
			if err := letter.New(p, base).Send(t.Context(), l); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			m := p.last
			if m.ID != "0199" || m.To != "ada@example.com" || m.Name != "" || m.Subject == "" || strings.Contains(m.Subject, "secret") {
				t.Errorf("%s: %+v", kind, m)
			}
			for form, text := range map[string]string{"text": m.Text, "HTML": m.HTML} {
				want := ""
				if page != "" {
					want = strings.TrimSuffix(base, "/") + "/" + page + "#token=secret-Token_1"
				}
				if !strings.Contains(text, want) || strings.Contains(text, "<no value>") || (page != "") != strings.Contains(text, "24 hours") ||
					(page != "") != (len(tokens.FindAllString(text, -1)) == 1) {
					t.Errorf("the %s of %s: %s", form, kind, text)
				}
			}
			if !strings.Contains(m.HTML, "<title>"+m.Subject+"</title>") || !strings.HasSuffix(strings.TrimSpace(m.HTML), "</html>") {
				t.Errorf("the HTML of %s: %s", kind, m.HTML)
			}
		}
	}
}

func TestALinkIsEscapedInHTML(t *testing.T) {
	t.Parallel()
	p := &post{}
	l := customers.Letter{MessageID: "0199", Kind: customers.ResetPassword, To: "ada@example.com", Token: `"><script>alert(1)</script>`, TokenLife: time.Hour}
	if err := letter.New(p, `javascript:alert("1")//`).Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(p.last.HTML, "<script") || strings.Contains(p.last.HTML, "javascript:") || !strings.Contains(p.last.HTML, "one hour") {
		t.Errorf("%s", p.last.HTML)
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
		l := customers.Letter{MessageID: "0199", Kind: customers.PasswordChanged, To: "ada@example.com"}
		err := letter.New(&post{result: test.result}, "https://shop.example").Send(t.Context(), l)
		for _, refusal := range []error{mail.ErrAddressRefused, mail.ErrRefused} {
			if errors.Is(err, refusal) != errors.Is(test.want, refusal) || (err == nil) != (test.result == nil) {
				t.Errorf("%v: %v, want %v", test.result, err, test.want)
			}
		}
	}
	err := letter.New(&post{}, "https://shop.example").Send(t.Context(), customers.Letter{Kind: "of a later version"})
	if !errors.Is(err, mail.ErrRefused) {
		t.Error(fmt.Errorf("a letter without a text: %w", err))
	}
}
