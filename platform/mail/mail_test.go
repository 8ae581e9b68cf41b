package mail

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"souk/testkit/inbox"
)

func TestAMailArrivesAsItWasWritten(t *testing.T) {
	t.Parallel()
	b := start(t, inbox.Config{})
	m := Message{
		ID: "01992f38", To: "käthe@bücher.example", Name: `Käthe "K" Müller 🛍`, Subject: "Grüße aus dem Souk: „alles da“ 🛍",
		Text: "Zeile eins\n.\nZeile drei: " + strings.Repeat("ä", 300) + "\n", HTML: "<p>Grüße &amp; <b>alles</b></p>\n",
	}
	if err := plain(t, b.Addr()).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	mails := b.Mails()
	if len(mails) != 1 {
		t.Fatalf("%d mails arrived", len(mails))
	}
	got := mails[0]
	for what, pair := range map[string][2]string{
		"sender": {got.From, "shop@example.com"}, "recipient": {got.To, "käthe@xn--bcher-kva.example"},
		"Message-ID": {got.MessageID, "<01992f38@example.com>"}, "subject": {got.Subject, m.Subject},
		"text":               {strings.TrimRight(got.Text, "\n"), strings.TrimRight(m.Text, "\n")},
		"HTML":               {strings.TrimRight(got.HTML, "\n"), strings.TrimRight(m.HTML, "\n")},
		"answer by programs": {strings.Join(got.Header["Auto-Submitted"], ","), "auto-generated"},
		"program":            {strings.Join(got.Header["User-Agent"], ",") + strings.Join(got.Header["X-Mailer"], ","), ""},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
		}
	}
	if !strings.Contains(got.Recipient, "Käthe") || len(got.Header["Date"]) != 1 {
		t.Errorf("to %q, on %q", got.Recipient, got.Header["Date"])
	}
}

func TestNothingCanBeAddedToAHeader(t *testing.T) {
	t.Parallel()
	b := start(t, inbox.Config{})
	s := plain(t, b.Addr())
	for _, injected := range []string{
		"\r\nBcc: eve@example.com", "\nBcc: eve@example.com", "\rBcc: eve@example.com", "\r\n\r\nanother text", "\x00", "\u2028Bcc: eve@example.com",
		"\u0085Bcc: eve@example.com", "\xff",
	} {
		for field, change := range map[string]func(*Message){
			"subject": func(m *Message) { m.Subject += injected },
			"name":    func(m *Message) { m.Name += injected },
			"address": func(m *Message) { m.To += injected },
			"local":   func(m *Message) { m.To = "ada" + injected + "@example.com" },
			"id":      func(m *Message) { m.ID += injected },
		} {
			m := hello()
			change(&m)
			var failed *Error
			if err := s.Send(t.Context(), m); !errors.As(err, &failed) || failed.Again {
				t.Errorf("%q in the %s: %v, want a final error", injected, field, err)
			}
		}
	}
	for _, address := range []string{"", "ada", "ada@", "@example.com", "Ada <ada@example.com>", "ada@example.com, eve@example.com", "ada@exa mple.com"} {
		m := hello()
		m.To = address
		if err := s.Send(t.Context(), m); err == nil {
			t.Errorf("a mail to %q is sent", address)
		}
	}
	if mails := b.Mails(); len(mails) != 0 {
		t.Errorf("%d mails arrived: %+v", len(mails), mails)
	}
}

func TestANameIsOnlyAName(t *testing.T) {
	t.Parallel()
	b := start(t, inbox.Config{})
	s := plain(t, b.Addr())
	for i, name := range []string{`Ada" <eve@example.com>, "x`, `Ada\`, `<eve@example.com>`, "=?utf-8?q?=0D=0ABcc:_eve@example.com?="} {
		m := hello()
		m.ID, m.Name, m.Subject = fmt.Sprint("id", i), name, name
		if err := s.Send(t.Context(), m); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	mails := b.Mails()
	if len(mails) != 4 {
		t.Fatalf("%d mails arrived", len(mails))
	}
	for _, m := range mails {
		if m.To != "ada@example.com" || len(m.Header["To"]) != 1 || len(m.Header["Bcc"]) != 0 || !strings.HasSuffix(m.Header["To"][0], "<ada@example.com>") {
			t.Errorf("%+v", m)
		}
	}
}
