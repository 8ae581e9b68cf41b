package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"souk/testkit/inbox"
)

// mails receives the mails of the shop. The mails stay in memory and are shown on a page. Nobody else gets them.
type mails struct {
	inbox *inbox.Inbox
	page  *http.Server
}

// startMails starts the inbox, unless the environment names an SMTP server.
func (s *Stack) startMails(ctx context.Context) error {
	if os.Getenv("SOUK_SMTP_ADDR")+os.Getenv("SOUK_SMTP_ADDR_FILE") != "" {
		return nil
	}
	box, err := inbox.Start(inbox.Config{})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.cfg.MailsPort)))
	if err != nil {
		return errors.Join(fmt.Errorf("the page of mails: %w", err), box.Close())
	}
	s.mails = &mails{inbox: box, page: &http.Server{Handler: box, ReadHeaderTimeout: 5 * time.Second}}
	go func() { _ = s.mails.page.Serve(listener) }()
	s.cfg.say("mails on %s", s.MailsURL())
	return nil
}

// stop ends both.
func (m *mails) stop() error {
	if m == nil {
		return nil
	}
	return errors.Join(m.page.Close(), m.inbox.Close())
}

// sending returns the settings with which a process sends mails to the inbox.
func (s *Stack) sending() []string {
	pages := []string{"SOUK_CUSTOMERS_PAGES_URL=" + s.URL(), "SOUK_ORDERS_PAGES_URL=" + s.URL()}
	if s.mails == nil {
		return pages
	}
	return append(pages, "SOUK_SMTP_ADDR="+s.mails.inbox.Addr(), "SOUK_SMTP_TLS=off", "SOUK_MAIL_FROM=Souk <shop@souk.example>")
}

// MailsURL returns the address of the page of mails, or "" if the shop sends its mails to an SMTP server of the environment.
func (s *Stack) MailsURL() string {
	if s.mails == nil {
		return ""
	}
	return fmt.Sprintf("http://127.0.0.1:%d", s.cfg.MailsPort)
}

// Mails returns the inbox that gets all mails of the shop.
func (s *Stack) Mails() *inbox.Inbox { return s.mails.inbox }
