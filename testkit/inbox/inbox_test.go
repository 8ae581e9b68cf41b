package inbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"
)

// deliver sends a mail with the standard library's client.
func deliver(t *testing.T, b *Inbox, to, subject, text string) {
	t.Helper()
	content := fmt.Sprintf("To: %s\r\nSubject: %s\r\nMessage-ID: <1@example.com>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", to, subject, text)
	if err := smtp.SendMail(b.Addr(), nil, "shop@example.com", []string{to}, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func started(t *testing.T) *Inbox {
	t.Helper()
	b, err := Start(Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// get asks the inbox as if its address were host.
func get(b *Inbox, host, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://"+host+path, nil)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func TestAMailIsShownOnThePageAndAsJSON(t *testing.T) {
	t.Parallel()
	b := started(t)
	deliver(t, b, "ada@example.com", "Hello", "Hello, <b>Ada</b>")
	deliver(t, b, "bob@example.com", "Hello", "Hello, Bob")
	if page := get(b, "127.0.0.1:8025", "/").Body.String(); !strings.Contains(page, "Hello, &lt;b&gt;Ada&lt;/b&gt;") || !strings.Contains(page, "Hello, Bob") {
		t.Errorf("the page: %s", page)
	}
	for path, want := range map[string]int{"/mails": 2, "/mails?to=ada@example.com": 1, "/mails?to=eve@example.com": 0} {
		var mails []Mail
		if err := json.Unmarshal(get(b, "localhost:8025", path).Body.Bytes(), &mails); err != nil || len(mails) != want {
			t.Errorf("%s: %+v, %v; want %d mails", path, mails, err, want)
		}
	}
	m := b.To("ada@example.com")[0]
	if m.Text != "Hello, <b>Ada</b>\n" || m.Subject != "Hello" || m.MessageID != "<1@example.com>" || m.From != "shop@example.com" || m.Number != 1 {
		t.Errorf("%+v", m)
	}
}

func TestOnlyThisMachineReadsTheMails(t *testing.T) {
	t.Parallel()
	b := started(t)
	deliver(t, b, "ada@example.com", "Hello", "a secret")
	for host, want := range map[string]int{"127.0.0.1:8025": 200, "localhost": 200, "[::1]:8025": 200, "evil.example": 403, "127.0.0.1.evil.example:8025": 403, "192.0.2.1": 403} {
		if w := get(b, host, "/mails"); w.Code != want || (w.Code == 200) != strings.Contains(w.Body.String(), "a secret") {
			t.Errorf("%s: %d %s, want %d", host, w.Code, w.Body, want)
		}
	}
}

func TestOldMailsAreForgotten(t *testing.T) {
	t.Parallel()
	b := started(t)
	for range most + 5 {
		b.keep(Mail{})
	}
	if mails := b.Mails(); len(mails) != most || mails[0].Number != 6 {
		t.Errorf("%d mails are kept, from number %d", len(mails), mails[0].Number)
	}
}
