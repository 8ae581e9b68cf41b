package token

import (
	"context"
	"errors"
	"slices"
	"time"
)

// EndKeys replaces every signing key by a new one, which signs at once, and returns how many it ended. Replicas notice it when they next
// read the keys (RotateEvery), and other services after that (access.RefreshKeysEvery). Tokens of the ended keys are refused then.
func EndKeys(ctx context.Context, store Store) (ended int, err error) {
	old, err := store.Keys(ctx)
	if err != nil {
		return 0, err
	}
	number := int64(1)
	for _, key := range old {
		number = max(number, key.Number+1)
	}
	next := newKey(number, time.Now())
	if err := store.InsertKey(ctx, next); err != nil {
		return 0, err
	}
	stored, err := store.Keys(ctx)
	if err != nil {
		return 0, err
	}
	isNext := func(k Key) bool { return k.ID == next.ID }
	if !slices.ContainsFunc(stored, isNext) { // a replica has added a key with this number meanwhile
		return 0, errors.New("another key was added at the same time; nothing was ended: run the command again")
	}
	for _, key := range slices.DeleteFunc(stored, isNext) {
		if err := store.DeleteKey(ctx, key); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, nil
}
