package customers_test

import (
	"slices"
	"strings"
	"testing"

	"souk/testkit/inbox"
)

const (
	newDevice = "A new device signed in"

	firefox      = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
	laterFirefox = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
	phone        = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
)

func TestANewKindOfDeviceIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, oldHome)
	for _, step := range []struct {
		device string
		mails  int
	}{{firefox, 0}, {firefox, 0}, {laterFirefox, 0}, {phone, 1}, {phone, 1}, {"<script>curl/8</script>", 2}, {"", 2}, {firefox, 2}} {
		signInFrom(t, o.Service, oldHome, step.device)
		o.deliver(t)
		if got := o.newDevices(); len(got) != step.mails {
			t.Errorf("after a login from %q: %q", step.device, got)
		}
	}
	got := o.newDevices()
	if !strings.Contains(got[0], "Chrome on Android.") || !strings.Contains(got[1], "an unknown program on an unknown system.") {
		t.Errorf("%q", got)
	}
	// What is known goes on with another address.
	if err := o.VerifyEmail(t.Context(), o.changeToken(t, ada, newHome)); err != nil {
		t.Fatal(err)
	}
	signInFrom(t, o.Service, newHome, phone)
	o.deliver(t)
	if slices.Contains(o.subjects(newHome), newDevice) {
		t.Error("a known device was told after a change of the address")
	}
}

// newDevices returns the texts of mails about new devices.
func (o office) newDevices() (texts []string) {
	for _, m := range o.inbox.Mails() {
		if m.Subject == newDevice {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

func TestAWrongPasswordMakesNoDeviceKnown(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	register(t, o.Service, oldHome)
	signInFrom(t, o.Service, oldHome, firefox)
	wrong := credentials(oldHome, phone)
	wrong.Password = "a guess"
	if _, err := o.SignIn(t.Context(), wrong); err == nil {
		t.Fatal("a guess signed in")
	}
	o.deliver(t)
	if n := len(o.newDevices()); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
	signInFrom(t, o.Service, oldHome, phone)
	o.deliver(t)
	if n := len(o.newDevices()); n != 1 {
		t.Errorf("%d mails arrived, want 1", n)
	}
}
