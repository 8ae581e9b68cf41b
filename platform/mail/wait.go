package mail

import (
	"math/rand/v2"
	"time"
)

// WaitAfter returns how long a mail waits after an attempt that failed, by the number of attempts before. The wait doubles each time, from
// first to longest, and is up to a quarter longer at random, so that mails that failed together do not fail together again.
func WaitAfter(attempts int, first, longest time.Duration) time.Duration {
	wait := min(first<<min(attempts, 10), longest)
	return wait + rand.N(wait/4+1)
}
