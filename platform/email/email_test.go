package email_test

import (
	"testing"

	"souk/platform/email"
)

func TestAnAddressHasOneSpelling(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{" Ada@Example.COM\n", "ada@example.com"}, {"e\u0301@x", "\u00e9@x"}, {"Y\u030a@x", "\u1e99@x"}, {"\u1e99@x", "\u1e99@x"},
	} {
		if got := email.Normalize(test.text); got != test.want {
			t.Errorf("%q is %q, want %q", test.text, got, test.want)
		}
	}
}
