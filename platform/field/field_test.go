package field_test

import (
	"errors"
	"strings"
	"testing"

	"souk/platform/field"
)

func TestCheckerReportsEveryViolationInOrder(t *testing.T) {
	t.Parallel()
	var check field.Checker
	check.Check(true, "name", "is required")
	check.Check(false, "email", "must be an e-mail address")
	check.Check(false, "password", "is too short")

	var invalid *field.Error
	if !errors.As(check.Err(), &invalid) {
		t.Fatalf("Err() = %v, want a *field.Error", check.Err())
	}
	want := "email must be an e-mail address; password is too short"
	if invalid.Error() != want {
		t.Errorf("Error() = %q, want %q", invalid.Error(), want)
	}
}

func TestCheckerWithoutViolationsIsNoError(t *testing.T) {
	t.Parallel()
	var check field.Checker
	check.Check(true, "name", "is required")
	if err := check.Err(); err != nil {
		t.Errorf("Err() = %v, want nil", err)
	}
}

func TestALineOfTextIsChecked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value    string
		required bool
		wrong    string
	}{
		{"pm_1MqLiJLkdIwHu7ixUEgbFdYF", true, ""},
		{"Zoë's!", true, ""},
		{"", false, ""},
		{" \t", true, "is required"},
		{"\xff", true, "must be UTF-8"},
		{"a\x00b", true, "must not contain control characters"},
		{"two\nlines", false, "must not contain control characters"},
		{strings.Repeat("ü", 30), true, ""},
		{strings.Repeat("ü", 31), true, "must have at most 30 characters"},
	} {
		var check field.Checker
		check.CheckLine("name", test.value, test.required, 30)
		got := ""
		if err := check.Err(); err != nil {
			got = strings.TrimPrefix(err.Error(), "name ")
		}
		if got != test.wrong {
			t.Errorf("%q: %q, want %q", test.value, got, test.wrong)
		}
	}
}
