package stack

import (
	"slices"
	"testing"

	"souk/testkit/devserver"
)

func TestMailsAreShownUnlessThereIsAServer(t *testing.T) {
	for _, server := range []string{"", "smtp.example.com:587"} {
		t.Setenv("SOUK_SMTP_ADDR", server)
		port, err := devserver.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		s := newStack(Config{GatewayAddr: "127.0.0.1:8080", MailsPort: port})
		if err := s.startMails(t.Context()); err != nil {
			t.Fatal(err)
		}
		settings := s.sending()
		if !slices.Contains(settings, "SOUK_CUSTOMERS_PAGES_URL=http://127.0.0.1:8080") {
			t.Errorf("with the server %q: %q", server, settings)
		}
		if server != "" {
			if s.MailsURL() != "" || len(settings) != 2 {
				t.Errorf("with a server of its own: %q, %q", s.MailsURL(), settings)
			}
			continue
		}
		if !slices.Contains(settings, "SOUK_SMTP_ADDR="+s.Mails().Addr()) {
			t.Errorf("%q", settings)
		}
		if err := fetch(t.Context(), s.MailsURL()+"/mails"); err != nil {
			t.Errorf("the page: %v", err)
		}
		if err := s.mails.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if err := fetch(t.Context(), s.MailsURL()+"/mails"); err == nil {
			t.Error("the page is there after the end")
		}
	}
}
