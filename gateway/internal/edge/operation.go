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
)

// Who may use an operation.
type audience int

const (
	anyone audience = iota
	// maybe a customer: a token is looked at when there is one.
	maybe
	customer
	staff
)

// operation is what openapi.yaml says of one method of one path.
type operation struct {
	path string
	// mediaType is what the body must be; "" for no body.
	mediaType string
	schema    *schema.Schema
	audience  audience
	// takesTicket says that a ticket may stand for the token.
	takesTicket bool
	// queries and headers are the parameters, by name. anyQuery lets a query have others.
	queries, headers map[string]parameter
	anyQuery         bool
	// anyOrigin says that the web pages of every origin may read the answer.
	anyOrigin bool
	// stream says that the answer goes on. It has no timeout then.
	stream bool
	policy.Policy
}

// The media type of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html).
const eventStream = "text/event-stream"

// operationsOf reads every operation of the contract, by its ServeMux pattern ("POST /v1/carts"). An operation
// that does not say who may use it, or how it is to be served, is an error.
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

// ticketScheme is what openapi.yaml calls tickets among its security schemes.
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

// isStream reports whether the answer to op is a stream.
func isStream(op *openapi3.Operation) bool {
	ok := op.Responses.Status(http.StatusOK)
	return ok != nil && ok.Value.Content.Get(eventStream) != nil
}

// withTimeout bounds ctx by the operation's time.
func (o *operation) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.stream {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, o.Timeout)
}

// bound gives the client the operation's time to send the body, or a slow one would hold a handler for longer than its
// answer may take. Where the connection cannot be bounded, the server's own timeout holds. Without a body, or once it has it,
// the server reads on to see the client leave: a bound that passed then would end all later requests of the connection.
func (o *operation) bound(w http.ResponseWriter, r *http.Request) {
	if !o.stream && r.Body != http.NoBody {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(o.Timeout))
	}
}
