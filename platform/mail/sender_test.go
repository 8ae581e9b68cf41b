package mail

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"souk/testkit/inbox"
)

func TestEncryptionIsRequired(t *testing.T) {
	t.Parallel()
	certificate, roots := certified(t)
	other, _ := certified(t)
	for name, test := range map[string]struct {
		server  inbox.Config
		tls     TLS
		arrives bool
	}{
		"STARTTLS": {inbox.Config{TLS: certificate}, STARTTLS, true},
		"STARTTLS is not offered, or is stripped": {inbox.Config{}, STARTTLS, false},
		"STARTTLS by somebody else":               {inbox.Config{TLS: other}, STARTTLS, false},
		"TLS":                                     {inbox.Config{TLS: certificate, Implicit: true}, Implicit, true},
		"TLS by somebody else":                    {inbox.Config{TLS: other, Implicit: true}, Implicit, false},
		"no TLS where TLS is expected":            {inbox.Config{}, Implicit, false},
		"TLS 1.1":                                 {inbox.Config{TLS: upTo(certificate, tls.VersionTLS11)}, STARTTLS, false},
	} {
		for _, user := range []string{"", "shop"} {
			t.Run(name+" "+user, func(t *testing.T) {
				t.Parallel()
				server := test.server
				cfg := Config{TLS: test.tls, From: "shop@example.com"}
				if user != "" {
					server.User, server.Password = user, "secret"
					cfg.User, cfg.Password = user, "secret"
				}
				b := start(t, server)
				cfg.Addr = b.Addr()
				s, err := newSender(cfg, roots)
				if err != nil {
					t.Fatal(err)
				}
				err = s.Send(t.Context(), hello())
				if (err == nil) != test.arrives || (len(b.Mails()) == 1) != test.arrives {
					t.Errorf("%v, and %d mails arrived; want arrival %v", err, len(b.Mails()), test.arrives)
				}
				var failed *Error
				if err != nil && (!errors.As(err, &failed) || !failed.Again) {
					t.Errorf("%v: want an error after which it is tried again", err)
				}
			})
		}
	}
}

func upTo(cfg *tls.Config, version uint16) *tls.Config {
	limited := cfg.Clone()
	limited.MinVersion, limited.MaxVersion = tls.VersionTLS10, version
	return limited
}

func TestAWrongPasswordIsNoFaultOfTheAddress(t *testing.T) {
	t.Parallel()
	certificate, roots := certified(t)
	b := start(t, inbox.Config{TLS: certificate, User: "shop", Password: "secret"})
	s, err := newSender(Config{Addr: b.Addr(), TLS: STARTTLS, From: "shop@example.com", User: "shop", Password: "canary"}, roots)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Send(t.Context(), hello())
	var failed *Error
	if !errors.As(err, &failed) || !failed.Again || failed.BadAddress || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
}

func TestAReplySaysWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	const address = "ada@example.com"
	for _, test := range []struct {
		command           string
		code              int
		again, badAddress bool
	}{
		{"MAIL", 451, true, false},
		{"MAIL", 550, true, false}, // the server does not want us
		{"RCPT", 421, true, false},
		{"RCPT", 450, true, false},
		{"RCPT", 550, false, true},
		{"RCPT", 553, false, true},
		{"DATA", 452, true, false},
		{"DATA", 554, false, false},
	} {
		t.Run(fmt.Sprint(test.command, " ", test.code), func(t *testing.T) {
			t.Parallel()
			b := start(t, inbox.Config{Reply: func(command, _ string) error {
				if command != test.command {
					return nil
				}
				return inbox.Refusal(test.code, "no mail for <"+address+">")
			}})
			err := plain(t, b.Addr()).Send(t.Context(), hello())
			var failed *Error
			if !errors.As(err, &failed) {
				t.Fatalf("%v is no *Error", err)
			}
			if failed.Again != test.again || failed.BadAddress != test.badAddress || failed.Code != test.code {
				t.Errorf("%+v, want %+v", failed, test)
			}
			if strings.Contains(err.Error(), "ada") || strings.Contains(fmt.Sprintf("%+v", failed), "ada@") {
				t.Errorf("the error shows the address: %v", err)
			}
		})
	}
}

func TestMailsSentTogetherShareAConnectionAndNotTheirErrors(t *testing.T) {
	t.Parallel()
	b := start(t, inbox.Config{Reply: func(command, address string) error {
		if command == "RCPT" && address == "refused@example.com" {
			return inbox.Refusal(550, "no such mailbox")
		}
		return nil
	}})
	to := func(address string) Message {
		m := hello()
		m.To = address
		return m
	}
	errs := plain(t, b.Addr()).SendAll(t.Context(), []Message{to("first@example.com"), to("refused@example.com"), to("no address"), to("last@example.com")})
	if len(errs) != 4 || errs[0] != nil || !errors.Is(errs[1], ErrAddressRefused) || errs[2] == nil || errs[3] != nil {
		t.Errorf("the errors are %v", errs)
	}
	if got := b.Mails(); len(got) != 2 || got[0].To != "first@example.com" || got[1].To != "last@example.com" || b.Connections() != 1 {
		t.Errorf("over %d connections arrived %+v", b.Connections(), got)
	}
}

func TestAServerThatIsAwayIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := start(t, inbox.Config{})
	s := plain(t, b.Addr())
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	var failed *Error
	if err := s.Send(t.Context(), hello()); !errors.As(err, &failed) || !failed.Again || failed.Code != 0 {
		t.Errorf("%v", err)
	}
}

func TestASilentServerDoesNotHoldTheProcess(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed below
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			ended <- err
			return
		}
		cancel()
		_, err = conn.Read(make([]byte, 1)) // until the sender hangs up
		ended <- err
	}()
	start := time.Now()
	var failed *Error
	if err := plain(t, listener.Addr().String()).Send(ctx, hello()); !errors.As(err, &failed) || !failed.Again {
		t.Errorf("%v", err)
	}
	if took := time.Since(start); took > dialogTimeout/2 {
		t.Errorf("it took %v", took)
	}
	if err := <-ended; !errors.Is(err, io.EOF) {
		t.Errorf("the connection ended with %v", err)
	}
}

// A server that breaks the connection after it has accepted a mail, which a real one does only by accident.
func TestAnAcceptedMailIsSentWhateverComesAfter(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed below
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "220 ready\r\n")
		lines := bufio.NewScanner(conn)
		replies := map[string]string{"EHLO": "250 hello", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", ".": "250 accepted"}
		for lines.Scan() {
			command, _, _ := strings.Cut(lines.Text(), " ")
			if reply, ok := replies[command]; ok {
				_, _ = io.WriteString(conn, reply+"\r\n")
			}
			if command == "." {
				return
			}
		}
	}()
	if err := plain(t, listener.Addr().String()).Send(t.Context(), hello()); err != nil {
		t.Errorf("the mail was accepted, and Send says %v", err)
	}
}
