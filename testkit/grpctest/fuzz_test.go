package grpctest

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accessv1 "souk/proto/gen/souk/access/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/rpc"
)

func TestAnswersThatBrokeOrShowTheInsideAreFound(t *testing.T) {
	t.Parallel()
	z := &fuzzer{server: &Server{}}
	slog.New(slog.NewTextHandler(&z.server.log, nil)).Error("failed", "error", "panic: index out of range")
	for _, err := range []error{
		status.Error(codes.Internal, "internal error"), status.Error(codes.Unknown, ""), errors.New("plain"),
		status.Error(codes.NotFound, "ERROR: no row (SQLSTATE 02000)"), rpc.Error(codes.Aborted, errorsv1.ErrorReason_ERROR_REASON_OVERLOADED, "service.go:17: conflict"),
	} {
		if z.check(err) == "" {
			t.Errorf("%v passes", err)
		}
	}
	for _, err := range []error{nil, rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR, "no such cursor"), status.Error(codes.Unavailable, "a dependency is away")} {
		if wrong := z.check(err); wrong != "" {
			t.Errorf("%v: %s", err, wrong)
		}
	}
}

// A field that no bytes change is a field that is not tested.
func TestBytesChangeEveryField(t *testing.T) {
	t.Parallel()
	random := rand.NewChaCha8([32]byte{1})
	valid := &accessv1.ListKeysResponse{Keys: []*accessv1.Key{{Id: "k1", Ed25519PublicKey: make([]byte, 32)}}}
	seen := map[string]bool{}
	for range 2000 {
		in := &input{content: make([]byte, 64), words: harvest(nil, valid.ProtoReflect())}
		_, _ = random.Read(in.content)
		message := proto.CloneOf(valid)
		in.edit(message.ProtoReflect())
		keys := message.GetKeys()
		seen["none"] = seen["none"] || len(keys) == 0
		seen["many"] = seen["many"] || len(keys) > 1000
		seen["two"] = seen["two"] || len(keys) == 2
		seen["id"] = seen["id"] || len(keys) == 1 && keys[0].GetId() != "k1"
		seen["key"] = seen["key"] || len(keys) == 1 && len(keys[0].GetEd25519PublicKey()) != 32
	}
	for change, ok := range seen {
		if !ok {
			t.Errorf("no bytes lead to %s", change)
		}
	}
}

func TestAnswersBecomeWords(t *testing.T) {
	t.Parallel()
	answer := &accessv1.ListKeysResponse{Keys: []*accessv1.Key{{Id: "k1"}, {Id: "k2"}, {Id: "k1"}}}
	words := harvest([]string{"first"}, answer.ProtoReflect())
	if len(words) != 3 || words[0] != "first" || words[1] != "k1" || words[2] != "k2" {
		t.Errorf("words %q", words)
	}
}
