package setup

import (
	"fmt"
	"io"

	"souk/deploy/setup/demo"
)

// Show prints the logins of staff and of the demo customer as environment variables, and a shell command that buys.
func (s *Secrets) Show(w io.Writer, cfg Config) error {
	_, err := fmt.Fprintf(w, "SOUK_STAFF_EMAIL=%s\nSOUK_STAFF_PASSWORD=%s\nSOUK_DEMO_EMAIL=%s\nSOUK_DEMO_PASSWORD=%s\n\n# Buy a mug:\n%s\n",
		cfg.StaffEmail, string(s.Staff), demo.CustomerEmail, string(s.Demo),
		demo.BuyCommand(demo.Shop{URL: cfg.PublicURL, CustomerEmail: demo.CustomerEmail, CustomerPassword: string(s.Demo)}))
	return err
}
