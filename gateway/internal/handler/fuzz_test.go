package handler_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
)

// FuzzGateway sends arbitrary bytes on a connection to the whole gateway, whose services answer every call. The answer must not
// be a 500, and every error of the gateway must be a problem.
func FuzzGateway(f *testing.F) {
	s := open(f)
	s.willing()
	listener := bufconn.Listen(1 << 20)
	server := &http.Server{Handler: s.server.Handler}
	go func() { _ = server.Serve(listener) }()
	f.Cleanup(func() { _ = server.Close() })
	tokens := strings.NewReplacer("$customer", s.token(f, customer), "$staff", s.token(f, staff))

	for _, good := range every {
		head := good.method + " " + good.path + " HTTP/1.1\r\nHost: souk\r\nAuthorization: Bearer $staff\r\nIdempotency-Key: k\r\nIf-Match: *\r\n"
		switch body := good.body.(type) {
		case string:
			f.Add(head+"Content-Type: application/json\r\n", []byte(body))
		case []byte:
			f.Add(head+"Content-Type: text/csv\r\n", body)
		default:
			f.Add(head, []byte(nil))
		}
	}
	for _, line := range []string{
		"GET /v1/products?q=a&category=b&brand=c&min_price=1&max_price=2&in_stock=true&sort=price_asc&limit=3&cursor=x&facets=true HTTP/1.1",
		"GET /v1/admin/orders?status=pending&customer_id=x&limit=1&cursor=x HTTP/1.1", "GET /v1/products/%ff%00 HTTP/1.1", "GET //v1/../me HTTP/1.1",
		"OPTIONS * HTTP/1.1", "HEAD /v1/categories HTTP/1.1", "GET /openapi.yaml HTTP/1.1", "GET /readyz HTTP/1.0", "TRACE / HTTP/1.1",
	} {
		f.Add(line+"\r\nHost: souk\r\nAuthorization: Bearer $customer\r\nIf-None-Match: W/\"1-x\", *\r\nLast-Event-ID: 2147483648\r\nAccept-Encoding: gzip\r\nX-Request-Id: \xff\r\n", []byte(nil))
	}
	f.Fuzz(func(t *testing.T, head string, body []byte) {
		conn, err := listener.DialContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		answer := exchange(conn, tokens.Replace(framing.ReplaceAllString(head, "")), body)
		if answer == nil {
			return
		}
		content, err := io.ReadAll(answer.Body)
		if err != nil {
			return // an endless stream
		}
		mustBeAnAnswer(t, answer, content)
	})
}

// framing matches the headers that determine where a request ends. exchange sets them itself.
var framing = regexp.MustCompile(`(?im)^(content-length|transfer-encoding|connection|expect)[^\n]*\n`)

// exchange sends a request and returns the answer; nil if there is none because the server waits for more.
func exchange(conn net.Conn, head string, body []byte) *http.Response {
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	go func() {
		_, _ = fmt.Fprintf(conn, "%sContent-Length: %d\r\nConnection: close\r\n\r\n%s", head, len(body), body)
	}()
	method, _, _ := strings.Cut(head, " ")
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return nil
	}
	return answer
}

// mustBeAnAnswer fails the test for an answer that clients must never get. An answer without a request ID was written by
// net/http itself.
func mustBeAnAnswer(t *testing.T, answer *http.Response, content []byte) {
	t.Helper()
	if answer.StatusCode < 400 {
		return
	}
	own := answer.Header.Get("X-Request-Id") != ""
	if answer.StatusCode >= 500 && (own && answer.StatusCode != 503 || !own && answer.StatusCode != 501 && answer.StatusCode != 505) {
		t.Fatalf("answered %d: %s", answer.StatusCode, content)
	}
	if !own || answer.Header.Get("Content-Encoding") != "" || len(content) == 0 && answer.Request.Method == http.MethodHead {
		return
	}
	var p problem
	if err := json.Unmarshal(content, &p); err != nil || p.Status != answer.StatusCode || p.Code == "" || p.RequestID == "" ||
		answer.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("answered %d with %s: %s", answer.StatusCode, answer.Header.Get("Content-Type"), content)
	}
}

// willing makes every service answer every call with some message.
func (s *shop) willing() {
	s.imported.answer = &catalogv1.ImportProductsResponse{}
	fill(s.imported.answer.ProtoReflect())
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				s.something(service.Methods().Get(j))
			}
		}
		return true
	})
}

// something makes an RPC return a message in which every field is set.
func (s *shop) something(method protoreflect.MethodDescriptor) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(method.Output().FullName())
	if err != nil || !strings.HasPrefix(string(method.FullName()), "souk.") {
		return
	}
	answer := kind.New()
	fill(answer)
	full := fmt.Sprintf("/%s/%s", method.Parent().FullName(), method.Name())
	s.hooks[full] = func(context.Context, any) (any, error) { return answer.Interface(), nil }
}

// fill sets every field of a message. Lists and maps get one element, but lists of the message's own kind, as the children of a category,
// get none.
func fill(message protoreflect.Message) {
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		switch {
		case field.IsList() && field.Message() == message.Descriptor():
		case field.IsList() && field.Message() != nil:
			fill(message.Mutable(field).List().AppendMutable().Message())
		case field.IsList():
			message.Mutable(field).List().Append(sample(field))
		case field.IsMap():
			message.Mutable(field).Map().Set(protoreflect.ValueOfString("x").MapKey(), sample(field.MapValue()))
		case field.Message() != nil:
			fill(message.Mutable(field).Message())
		default:
			message.Set(field, sample(field))
		}
	}
}

// samples are valid values for fields with a required format.
var samples = map[protoreflect.Name]string{"currency": "GBP", "country": "GB"}

// sample returns a value for a field. For an enum it is the last one, because that is a final status.
func sample(field protoreflect.FieldDescriptor) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(cmp.Or(samples[field.Name()], "x"))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(make([]byte, 32))
	case protoreflect.EnumKind:
		values := field.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(values.Len() - 1).Number())
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(1)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(1)
	default:
		return field.Default()
	}
}
