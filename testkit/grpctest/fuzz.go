package grpctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"souk/testkit/securitytest"
)

// Fuzz calls the RPCs of a file's services as the fuzzer's bytes say: which one, as which caller, with which request. A
// request starts as one of valid and gets changed, so that it comes far, or is read from the bytes as they are. One input
// is a few calls, and the answers of the first ones are words for the later ones.
//
// Whatever is asked, no answer is INTERNAL or UNKNOWN, as one to a panic is, and none shows what is inside. Owner is the
// customer whose things valid names.
func (s *Server) Fuzz(f *testing.F, file protoreflect.FileDescriptor, owner string, valid ...proto.Message) {
	fuzz := &fuzzer{server: s, owner: owner, valid: map[protoreflect.FullName]proto.Message{}}
	for i := range file.Services().Len() {
		methods := file.Services().Get(i).Methods()
		for j := range methods.Len() {
			fuzz.methods = append(fuzz.methods, methods.Get(j))
		}
	}
	for _, message := range valid {
		fuzz.valid[message.ProtoReflect().Descriptor().FullName()] = message
		fuzz.words = harvest(fuzz.words, message.ProtoReflect())
	}
	fuzz.seed(f)
	f.Fuzz(fuzz.run)
}

const (
	// How many calls an input makes at most.
	maxCalls = 12
	// RPCs that wait would take the fuzzer's time.
	callTimeout = 2 * time.Second
	// How many changes an input makes to a valid request at most, less one.
	maxEdits = 8
	// A byte from here on asks for a request of the bytes as they are.
	raw = 128
)

// fuzzer makes calls of bytes.
type fuzzer struct {
	server  *Server
	methods []protoreflect.MethodDescriptor
	valid   map[protoreflect.FullName]proto.Message
	// words are the texts of the valid requests.
	words []string
	owner string
}

// seed adds each RPC with its valid request by every caller, each with bytes of its own, and all RPCs one after another.
func (z *fuzzer) seed(f *testing.F) {
	var story []byte
	callers := len(z.callers(f))
	for i, method := range z.methods {
		var calls []byte
		for caller := range callers {
			calls = append(calls, byte(i), byte(caller), 0)
		}
		f.Add(calls)
		if valid, ok := z.valid[method.Input().FullName()]; ok {
			content, err := proto.Marshal(valid)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(append([]byte{byte(i), 0, raw, byte(len(content))}, content...))
		}
		for _, content := range farTimes(f, method) {
			for caller := range callers {
				f.Add(append([]byte{byte(i), byte(caller), raw, byte(len(content))}, content...))
			}
		}
		story = append(story, byte(i), byte(i%callers), 0)
	}
	f.Add(story)
}

// farTimes returns, for each time that a request may have, a request in which it is in the year 318,857. PostgreSQL refuses it.
func farTimes(f *testing.F, method protoreflect.MethodDescriptor) (requests [][]byte) {
	far, fields := &timestamppb.Timestamp{Seconds: 1e13}, method.Input().Fields()
	for i := range fields.Len() {
		kind := fields.Get(i).Message()
		if kind == nil || kind.FullName() != far.ProtoReflect().Descriptor().FullName() {
			continue
		}
		request := newMessage(f, method.Input())
		request.ProtoReflect().Set(fields.Get(i), protoreflect.ValueOfMessage(far.ProtoReflect()))
		content, err := proto.Marshal(request)
		if err != nil {
			f.Fatal(err)
		}
		requests = append(requests, content)
	}
	return requests
}

func (z *fuzzer) callers(t testing.TB) []context.Context {
	return []context.Context{
		z.server.As(t, z.owner), z.server.Staff(t), Service(t, "orders"), Service(t, "gateway"), z.server.As(t, uuid.NewString()),
	}
}

// run makes the calls of an input.
func (z *fuzzer) run(t *testing.T, content []byte) {
	callers := z.callers(t)
	in := &input{content: content, words: z.words}
	for calls := 0; calls < maxCalls && !in.over(); calls++ {
		method := z.methods[in.below(len(z.methods))]
		ctx, cancel := context.WithTimeout(callers[in.below(len(callers))], callTimeout)
		z.call(ctx, t, method, in)
		cancel()
	}
}

// call makes one call, or one stream, and checks its answer.
func (z *fuzzer) call(ctx context.Context, t *testing.T, method protoreflect.MethodDescriptor, in *input) {
	z.server.log.forget()
	answer := newMessage(t, method.Output())
	full := "/" + string(method.Parent().FullName()) + "/" + string(method.Name())
	var request proto.Message
	var err error
	if method.IsStreamingClient() {
		err = z.stream(ctx, t, full, method, in, answer)
	} else {
		if request = z.request(t, method, in); request == nil {
			return
		}
		err = z.server.Conn.Invoke(ctx, full, request, answer)
	}
	if wrong := z.check(err); wrong != "" {
		t.Errorf("%s %v: %v: %s", full, request, err, wrong)
	}
	in.words = harvest(in.words, answer.ProtoReflect())
}

// stream sends some requests, one after another.
func (z *fuzzer) stream(ctx context.Context, t *testing.T, full string, method protoreflect.MethodDescriptor, in *input, answer proto.Message) error {
	stream, err := z.server.Conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, full)
	if err != nil {
		return err
	}
	for range 1 + in.below(4) {
		request := z.request(t, method, in)
		if request == nil {
			continue
		}
		if err := stream.SendMsg(request); errors.Is(err, io.EOF) {
			break // the answer says why
		} else if err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.RecvMsg(answer)
}

// request makes the next request of the input; nil when its bytes are none.
func (z *fuzzer) request(t *testing.T, method protoreflect.MethodDescriptor, in *input) proto.Message {
	kind := in.byte()
	request := newMessage(t, method.Input())
	if kind >= raw {
		if proto.Unmarshal(in.bytes(), request) != nil {
			return nil
		}
		return request
	}
	if valid, ok := z.valid[method.Input().FullName()]; ok {
		proto.Merge(request, valid)
	}
	for range kind % maxEdits {
		in.edit(request.ProtoReflect())
	}
	return request
}

// inside finds what no caller is to see: SQL, names of Go files, stacks.
var inside = regexp.MustCompile(`SQLSTATE|SELECT |INSERT |UPDATE |DELETE FROM|\.go:\d|goroutine \d|runtime error|(?i:mongo|bson|postgres|pgx)`)

// check says what is wrong with an error that a caller gets; nothing of one that is meant for it.
func (z *fuzzer) check(err error) string {
	answer := status.Convert(err)
	if code := answer.Code(); code == codes.Internal || code == codes.Unknown {
		return "something broke: " + z.server.log.read()
	}
	if found := inside.FindString(answer.Proto().String()); found != "" {
		return fmt.Sprintf("the answer shows %q", found)
	}
	return ""
}

// journal is what a server logs of errors that its callers are not told, without its security events.
type journal struct {
	mu     sync.Mutex
	text   bytes.Buffer
	events *securitytest.Events
}

// Write implements io.Writer.
func (j *journal) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(`"log":"security"`)) {
		return j.events.Write(p)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) read() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.Reset()
}
