package inbox

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Mail is a mail that was received.
type Mail struct {
	Number int `json:"number"`
	// From and To are the addresses of the envelope.
	From string `json:"from"`
	To   string `json:"to"`
	// MessageID is the header, with its angle brackets.
	MessageID string `json:"message_id"`
	// Recipient is the decoded header To.
	Recipient  string    `json:"recipient"`
	Subject    string    `json:"subject"`
	Text       string    `json:"text"`
	HTML       string    `json:"html"`
	ReceivedAt time.Time `json:"received_at"`
	// Header has all headers as they were sent.
	Header map[string][]string `json:"header"`
}

// parse reads a mail of one text, or of a text and the same in HTML.
func parse(content []byte) (Mail, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(content))
	if err != nil {
		return Mail{}, err
	}
	m := Mail{MessageID: parsed.Header.Get("Message-ID"), Header: parsed.Header}
	var words mime.WordDecoder
	if m.Subject, err = words.DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return m, err
	}
	if m.Recipient, err = words.DecodeHeader(parsed.Header.Get("To")); err != nil {
		return m, err
	}
	kind, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		body := parsed.Body
		if strings.EqualFold(parsed.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			body = quotedprintable.NewReader(body)
		}
		return m, m.add(kind, body)
	}
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	for {
		part, err := parts.NextPart() // which decodes quoted-printable
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			return m, err
		}
		if err := m.add(kind, part); err != nil {
			return m, err
		}
	}
}

func (m *Mail) add(kind string, body io.Reader) error {
	text, err := io.ReadAll(body)
	normal := strings.ReplaceAll(string(text), "\r\n", "\n")
	if kind == "text/html" {
		m.HTML = normal
	} else {
		m.Text = normal
	}
	return err
}
