package token

import (
	"cmp"
	"slices"
	"time"
)

const (
	// lead is how long a key is published before it signs: twice the time for which other services keep the keys they
	// have read (5 minutes, access.RemoteKeys), so that each knows it before its first token comes.
	lead = 10 * time.Minute
	// tail is how long a key stays published after another has taken over: until the last token it signed has ended, with
	// room for clocks that differ and for a replica that could not read the keys for a while and went on signing.
	tail = Life + 5*time.Minute
)

// MinKeyLife is the shortest time a key can sign for.
const MinKeyLife = time.Hour

// The schedule of the keys depends on what is stored of them and on the time, and on nothing else, so that replicas need not
// agree on who rotates. Its functions take the keys in the order in which they sign.

// ordered returns keys in that order.
func ordered(keys []Key) []Key {
	return slices.SortedFunc(slices.Values(keys), func(a, b Key) int {
		return cmp.Or(a.SignsFrom.Compare(b.SignsFrom), cmp.Compare(a.Number, b.Number))
	})
}

// signing returns the key that signs at a time: the last that has taken over. When none has, by this replica's clock, it is
// the first.
func signing(keys []Key, now time.Time) Key {
	current := keys[0]
	for _, key := range keys[1:] {
		if !key.SignsFrom.After(now) {
			current = key
		}
	}
	return current
}

// split parts the keys into those to publish at a time and those whose tokens have all ended.
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

// due returns the number of the key that is to be made at a time, and when it is to sign, if one is due. A shop without keys
// gets one that signs at once.
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
