package edge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway/internal/policy"
	"souk/gateway/internal/schema"
	"souk/platform/admission"
)

// audience is the set of allowed callers of an operation.
type audience int

const (
	anyone audience = iota
	// maybe is a customer or a guest: a token is verified if there is one.
	maybe
	customer
	staff
)

// operation is an operation of openapi.yaml: one method of one path.
type operation struct {
	path string
	// mediaType is the required media type of the body; "" if there is no body.
	mediaType string
	// bodyOptional allows a request without a body.
	bodyOptional bool
	schema       *schema.Schema
	audience     audience
	// takesTicket says that a ticket may replace the token.
	takesTicket bool
	// anyQuery allows query parameters that are not in queries.
	queries, headers parameters
	anyQuery         bool
	// anyOrigin allows web pages of every origin to read the answer.
	anyOrigin bool
	// stream says that the answer is an event stream, which has no timeout.
	stream bool
	// limiter limits the number of concurrent requests; nil for no limit. The router sets it.
	limiter *admission.Limiter
	policy.Policy
}

// The media type of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html).
const eventStream = "text/event-stream"

// operationsOf reads every operation of the contract, by its ServeMux pattern ("POST /v1/carts"). It returns an error if an
// operation does not declare its allowed callers or its policy.
func operationsOf(spec *openapi3.T) (map[string]*operation, error) {
	operations := map[string]*operation{}
	for path, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			pattern := method + " " + path
			who, err := audienceOf(op)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", pattern, err)
			}
			o := &operation{path: path, audience: who, takesTicket: takesTicket(op), stream: isStream(op)}
			o.anyOrigin, _ = op.Extensions["x-souk-any-origin"].(bool)
			if err := errors.Join(o.readPolicy(op), o.readBody(op), o.readParameters(op)); err != nil {
				return nil, fmt.Errorf("%s: %w", pattern, err)
			}
			operations[pattern] = o
		}
	}
	return operations, nil
}

func audienceOf(op *openapi3.Operation) (audience, error) {
	role, _ := op.Extensions["x-souk-role"].(string)
	switch {
	case op.Security == nil:
		return anyone, fmt.Errorf("%s says nothing of its security", op.OperationID)
	case role == "staff":
		return staff, nil
	case role != "":
		return anyone, fmt.Errorf("%s: unknown role %q", op.OperationID, role)
	}
	if len(*op.Security) == 0 {
		return anyone, nil
	}
	for _, requirement := range *op.Security {
		if len(requirement) == 0 {
			return maybe, nil
		}
	}
	return customer, nil
}

// ticketScheme is the name of tickets among the security schemes in openapi.yaml.
const ticketScheme = "eventTicket"

func takesTicket(op *openapi3.Operation) bool {
	return slices.ContainsFunc(*op.Security, func(r openapi3.SecurityRequirement) bool {
		_, ok := r[ticketScheme]
		return ok
	})
}

func (o *operation) readPolicy(op *openapi3.Operation) (err error) {
	if o.Policy, err = policy.Of(op); err != nil {
		return err
	}
	if o.stream != (o.Timeout == 0) {
		return errors.New("streams have no timeout, and all else has one")
	}
	return nil
}

func (o *operation) readBody(op *openapi3.Operation) error {
	if op.RequestBody == nil {
		return nil
	}
	o.bodyOptional = !op.RequestBody.Value.Required
	for mediaType, content := range op.RequestBody.Value.Content {
		o.mediaType = mediaType
		if mediaType != jsonMedia {
			continue
		}
		var err error
		if o.schema, err = schema.Compile(content.Schema.Value); err != nil {
			return fmt.Errorf("body: %w", err)
		}
	}
	return nil
}

// isStream reports whether op answers with an event stream.
func isStream(op *openapi3.Operation) bool {
	ok := op.Responses.Status(http.StatusOK)
	return ok != nil && ok.Value.Content.Get(eventStream) != nil
}

// withTimeout returns ctx with the operation's timeout.
func (o *operation) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.stream {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, o.Timeout)
}

// setBodyDeadline sets the operation's timeout as the read deadline of the body, because a slow client would otherwise occupy the handler
// for longer. If the connection has no deadlines, the server's own timeout applies. Requests without a body get no read
// deadline: the server keeps reading to notice that the client leaves, and a deadline would break all later requests of the
// connection.
func (o *operation) setBodyDeadline(w http.ResponseWriter, r *http.Request) {
	if !o.stream && r.Body != http.NoBody {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(o.Timeout))
	}
}
