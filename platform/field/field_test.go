package field_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

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

func TestATimeIsOneThatADatabaseKeeps(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		value *timestamppb.Timestamp
		want  time.Time
		ok    bool
	}{
		{nil, time.Time{}, true},
		{timestamppb.New(now), now, true},
		{&timestamppb.Timestamp{Seconds: math.MaxInt64}, time.Time{}, false},
		{&timestamppb.Timestamp{Seconds: math.MinInt64}, time.Time{}, false},
		{&timestamppb.Timestamp{Nanos: -1}, time.Time{}, false},
	} {
		var check field.Checker
		got := check.CheckTime("from", test.value)
		if err := check.Err(); (err == nil) != test.ok || (test.ok && !got.Equal(test.want)) {
			t.Errorf("%v: %v, %v", test.value, got, err)
		}
	}
}

func TestAnIDIsReturnedInItsCanonicalSpelling(t *testing.T) {
	t.Parallel()
	const id = "0198a000-0000-7000-8000-00000000000c"
	for text, ok := range map[string]bool{id: true, strings.ToUpper(id): true, "{" + id + "}": false, "S-1": false, "": false} {
		var check field.Checker
		got := check.CheckID("order_id", text)
		if err := check.Err(); (err == nil) != ok || ok && got != id {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
