package lastgood

import (
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/maypok86/otter/v2"
	"google.golang.org/protobuf/proto"

	"souk/gateway/internal/feed"
)

// maxAge is the maximum age of an old answer.
const maxAge = time.Hour

// entryOverhead is the memory of an entry besides its content, in bytes (see TestTheBoundIsOfMemory).
const entryOverhead = 256

// key identifies a question. It is a hash, so that all keys are equally small.
type key [sha256.Size]byte

// keyOf returns the key of a call of method with in.
func keyOf(method string, in proto.Message) (key, error) {
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(in)
	if err != nil {
		return key{}, err
	}
	return sha256.Sum256(append([]byte(method+"\x00"), content...)), nil
}

// cachedMessage is a cached message. It is stored in encoded form, because then its size is known and it cannot be modified.
type cachedMessage struct {
	content []byte
	at      time.Time
	// moment is when catalog was asked. product is the product that the message is about, empty for any number of products.
	moment  feed.Moment
	product string
}

// store is the cache of the last good answers.
type store struct {
	answers *otter.Cache[key, cachedMessage]
}

// newStore returns an empty store of at most size bytes. It evicts answers that are requested rarely.
func newStore(size uint64) *store {
	return &store{otter.Must(&otter.Options[key, cachedMessage]{
		MaximumWeight: size,
		Weigher:       func(_ key, k cachedMessage) uint32 { return uint32(len(k.content) + entryOverhead) },
	})}
}

// recall decodes the message cached under k into message, and returns the time at which it was current.
func (s *store) recall(k key, message proto.Message) (at time.Time, ok bool) {
	found, ok := s.answers.GetIfPresent(k)
	if !ok || time.Since(found.at) > maxAge || proto.Unmarshal(found.content, message) != nil {
		return time.Time{}, false
	}
	return found.at, true
}

// renewEvery is how often the time of an unchanged answer is updated.
const renewEvery = 30 * time.Second

// renew records that the answer under k is still current.
func (s *store) renew(k key, found cachedMessage) {
	if time.Since(found.at) < renewEvery {
		return
	}
	s.answers.ComputeIfPresent(k, func(now cachedMessage) (cachedMessage, otter.ComputeOp) {
		now.at = time.Now()
		return now, otter.WriteOp
	})
}

func (s *store) forget(k key) {
	s.answers.Invalidate(k)
}

// forgetNaming drops all answers that contain the ID. IDs are random and messages contain them as text, so a text search finds
// them without an index.
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
