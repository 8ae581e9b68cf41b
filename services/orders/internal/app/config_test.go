package app

import (
	"testing"
	"time"

	"souk/platform/mail"
)

func TestTimesMustFitTogether(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config Config
		valid  bool
	}{
		"defaults":      {Config{Inline: 5 * time.Second, Hold: 10 * time.Minute}, true},
		"no inline":     {Config{Hold: 10 * time.Minute}, false},
		"long inline":   {Config{Inline: 2 * time.Minute, Hold: 10 * time.Minute}, false},
		"shorter hold":  {Config{Inline: 5 * time.Second, Hold: 5 * time.Second}, false},
		"endless holds": {Config{Inline: 5 * time.Second, Hold: 25 * time.Hour}, false},
		"mails": {Config{
			Inline: 5 * time.Second, Hold: 10 * time.Minute, PagesURL: "https://shop.example",
			Mail: mail.Config{Addr: "smtp.example.com:587", TLS: mail.STARTTLS, From: "shop@example.com"},
		}, true},
		"mails without pages": {Config{
			Inline: 5 * time.Second, Hold: 10 * time.Minute,
			Mail: mail.Config{Addr: "smtp.example.com:587", TLS: mail.STARTTLS, From: "shop@example.com"},
		}, false},
	} {
		if err := test.config.Validate(); (err == nil) != test.valid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
