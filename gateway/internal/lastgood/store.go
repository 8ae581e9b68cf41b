package lastgood

import (
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/maypok86/otter/v2"
	"google.golang.org/protobuf/proto"

	"souk/gateway/internal/feed"
)

// maxAge is how old an answer may be that is still given.
const maxAge = time.Hour

// entryOverhead is what an entry takes beside its content, in bytes (see TestTheBoundIsOfMemory).
const entryOverhead = 256

// key names a question: a digest, so that every entry's is as small.
type key [sha256.Size]byte

// keyOf returns the key of asking method with in.
func keyOf(method string, in proto.Message) (key, error) {
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(in)
	if err != nil {
		return key{}, err
	}
	return sha256.Sum256(append([]byte(method+"\x00"), content...)), nil
}

// kept is a message that was good at a time. It is kept as bytes: their size is known, and nobody can change it.
type kept struct {
	content []byte
	at      time.Time
	// moment is when catalog was asked, and product what it is about; empty for any number of products.
	moment  feed.Moment
	product string
}

// store has the last good answers.
type store struct {
	answers *otter.Cache[key, kept]
}

// newStore returns an empty store that takes at most size bytes. What is asked for seldom makes room for the rest.
func newStore(size uint64) *store {
	return &store{otter.Must(&otter.Options[key, kept]{
		MaximumWeight: size,
		Weigher:       func(_ key, k kept) uint32 { return uint32(len(k.content) + entryOverhead) },
	})}
}

// recall reads what is kept for k into message, and returns when it was good.
func (s *store) recall(k key, message proto.Message) (at time.Time, ok bool) {
	found, ok := s.answers.GetIfPresent(k)
	if !ok || time.Since(found.at) > maxAge || proto.Unmarshal(found.content, message) != nil {
		return time.Time{}, false
	}
	return found.at, true
}

// renewEvery is how often it is noted that an answer is still good.
const renewEvery = 30 * time.Second

// renew notes that what is kept for k is still good.
func (s *store) renew(k key, found kept) {
	if time.Since(found.at) < renewEvery {
		return
	}
	s.answers.ComputeIfPresent(k, func(now kept) (kept, otter.ComputeOp) {
		now.at = time.Now()
		return now, otter.WriteOp
	})
}

func (s *store) forget(k key) {
	s.answers.Invalidate(k)
}

// forgetNaming forgets the answers in which the id stands. Ids are random and stand in a message as their text, so that
// looking for the text needs no index.
func (s *store) forgetNaming(id string) {
	for k, answer := range s.answers.All() {
		if bytes.Contains(answer.content, []byte(id)) {
			s.forget(k)
		}
	}
}

func (s *store) forgetAll() {
	s.answers.InvalidateAll()
}
