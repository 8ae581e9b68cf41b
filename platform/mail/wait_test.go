package mail_test

import (
	"testing"
	"time"

	"souk/platform/mail"
)

func TestTheWaitDoublesUpToTheLongest(t *testing.T) {
	t.Parallel()
	const first, longest = 15 * time.Second, time.Hour
	for attempts, least := range map[int]time.Duration{0: first, 1: 2 * first, 7: 128 * first, 8: longest, 1000: longest} {
		for range 100 {
			if wait := mail.WaitAfter(attempts, first, longest); wait < least || wait > least+least/4 {
				t.Fatalf("after %d attempts it waits %v, want %v and up to a quarter more", attempts, wait, least)
			}
		}
	}
}
