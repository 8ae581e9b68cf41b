package lastgood

import (
	"crypto/sha256"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
)

func answerOf(t *testing.T, titleBytes int) []byte {
	t.Helper()
	content, err := proto.Marshal(&catalogv1.GetProductResponse{Product: &catalogv1.Product{Title: strings.Repeat("a", titleBytes)}})
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Not parallel, because it measures the heap.
func TestTheBoundIsOfMemory(t *testing.T) {
	const bound = 4 << 20
	for _, size := range []int{0, 100, 1000, 20_000} {
		before := heap()
		s := newStore(bound)
		for i := range 2 * bound / (size + entryOverhead) {
			s.answers.Set(sha256.Sum256([]byte(strconv.Itoa(i))), cachedMessage{content: answerOf(t, size), at: time.Now()})
		}
		s.answers.CleanUp()
		took := int64(heap()) - int64(before)
		if weight := s.answers.WeightedSize(); weight > bound || weight < bound/2 {
			t.Errorf("answers of %d bytes weigh %d of %d", size, weight, bound)
		}
		// The allocator rounds sizes up by an eighth at most.
		if took > bound*9/8 {
			t.Errorf("answers of %d bytes take %d bytes of memory, want at most %d", size, took, bound)
		}
		t.Logf("measured: answers of %d bytes: %d entries in %d bytes of memory", size, s.answers.EstimatedSize(), took)
		runtime.KeepAlive(s)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // frees memory that finalizers have released
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestAnAnswerLargerThanTheCacheIsNotCached(t *testing.T) {
	t.Parallel()
	s := newStore(1 << 10)
	s.answers.Set(key{1}, cachedMessage{content: answerOf(t, 2<<10), at: time.Now()})
	s.answers.CleanUp()
	if _, ok := s.recall(key{1}, &catalogv1.GetProductResponse{}); ok || s.answers.WeightedSize() != 0 {
		t.Errorf("it is kept, and weighs %d", s.answers.WeightedSize())
	}
}
