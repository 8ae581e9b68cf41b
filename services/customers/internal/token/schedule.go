package token

import (
	"cmp"
	"slices"
	"time"
)

const (
	// lead is how long a key is published before it signs. Other services ask for the keys every minute
	// (access.RefreshKeysEvery), so that all of them know a key before they get its first token.
	lead = 10 * time.Minute
	// tail is how long a key stays published after the next one has taken over. That is the lifetime of its last token, plus a
	// margin for clock differences and for a replica that could not read the keys for a while and kept signing with the old
	// one.
	tail = Life + 5*time.Minute
)

// MinKeyLife is the minimum time that a key signs for.
const MinKeyLife = time.Hour

// The schedule depends only on the stored keys and the time, so that replicas need not coordinate. Its functions expect the
// keys in the order in which they sign.

// ordered returns keys in that order.
func ordered(keys []Key) []Key {
	return slices.SortedFunc(slices.Values(keys), func(a, b Key) int {
		return cmp.Or(a.SignsFrom.Compare(b.SignsFrom), cmp.Compare(a.Number, b.Number))
	})
}

// signing returns the key that signs at a time: the last one that has taken over. If this replica's clock is slow and none has,
// it is the first.
func signing(keys []Key, now time.Time) Key {
	current := keys[0]
	for _, key := range keys[1:] {
		if !key.SignsFrom.After(now) {
			current = key
		}
	}
	return current
}

// split divides the keys into those to publish at a time and those whose tokens have all expired.
func split(keys []Key, now time.Time) (published, retired []Key) {
	for i, key := range keys {
		if i+1 < len(keys) && !keys[i+1].SignsFrom.Add(tail).After(now) {
			retired = append(retired, key)
		} else {
			published = append(published, key)
		}
	}
	return published, retired
}

// due returns the number of the next key and the time from which it signs, if one must be created now. The first key signs at
// once.
func due(keys []Key, life time.Duration, now time.Time) (number int64, signsFrom time.Time, ok bool) {
	if len(keys) == 0 {
		return 1, now, true
	}
	signsFrom = keys[len(keys)-1].SignsFrom.Add(life)
	if now.Before(signsFrom.Add(-lead)) {
		return 0, time.Time{}, false
	}
	if earliest := now.Add(lead); signsFrom.Before(earliest) {
		signsFrom = earliest
	}
	for _, key := range keys {
		number = max(number, key.Number)
	}
	return number + 1, signsFrom, true
}
