package field_test

import (
	"errors"
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
