package edge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/gateway/internal/policy"
	"souk/gateway/internal/schema"
	"souk/platform/access"
	"souk/platform/admission"
)

// audience is the set of allowed callers of an operation.
type audience int

const (
	anyone audience = iota
	// maybe is a customer or a guest: a token is verified if there is one.
	maybe
	customer
	// scoped is whoever has the operation's scope.
	scoped
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
	// guests says that the token of a guest is allowed too.
	guests bool
	// clientScope is the one with which clients of partners are allowed too; 0 for none.
	clientScope accessv1.Scope
	// scope is the one that a token must have, if the audience is scoped.
	scope accessv1.Scope
	// takesTicket says that a ticket may replace the token.
	takesTicket bool
	// anyQuery allows query parameters that are not in queries.
	queries, headers parameters
	anyQuery         bool
	// anyOrigin allows web pages of every origin to read the answer.
	anyOrigin bool
	// oauth says that refusals are those of RFC 6749.
	oauth bool
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
			who, scope, err := audienceOf(op)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", pattern, err)
			}
			o := &operation{path: path, audience: who, scope: scope, takesTicket: takes(op, ticketScheme), guests: takes(op, guestScheme), stream: isStream(op)}
			if o.clientScope, err = clientScopeOf(op); err != nil {
				return nil, fmt.Errorf("%s: %w", pattern, err)
			}
			o.anyOrigin, _ = op.Extensions["x-souk-any-origin"].(bool)
			o.oauth = op.Extensions["x-souk-errors"] == "oauth"
			if err := errors.Join(o.readPolicy(op), o.readBody(op), o.readParameters(op)); err != nil {
				return nil, fmt.Errorf("%s: %w", pattern, err)
			}
			operations[pattern] = o
		}
	}
	return operations, nil
}

// clientScopeOf returns the scope with which clients of partners may use an operation for customers, or 0.
func clientScopeOf(op *openapi3.Operation) (accessv1.Scope, error) {
	name, ok := op.Extensions[clientScopeExtension]
	if !ok {
		return 0, nil
	}
	text, _ := name.(string)
	scope, known := access.ScopeNamed(text)
	if !known {
		return 0, fmt.Errorf("%s: unknown scope %v", op.OperationID, name)
	}
	return scope, nil
}

// clientScopeExtension names the scope with which clients of partners may use an operation for customers, too.
const clientScopeExtension = "x-souk-client-scope"

// scopeExtension names the scope that an operation needs.
const scopeExtension = "x-souk-scope"

func audienceOf(op *openapi3.Operation) (audience, accessv1.Scope, error) {
	if op.Security == nil {
		return anyone, 0, fmt.Errorf("%s says nothing of its security", op.OperationID)
	}
	if name, ok := op.Extensions[scopeExtension]; ok {
		text, _ := name.(string)
		scope, known := access.ScopeNamed(text)
		if !known {
			return anyone, 0, fmt.Errorf("%s: unknown scope %v", op.OperationID, name)
		}
		return scoped, scope, nil
	}
	if len(*op.Security) == 0 {
		return anyone, 0, nil
	}
	for _, requirement := range *op.Security {
		if len(requirement) == 0 {
			return maybe, 0, nil
		}
	}
	return customer, 0, nil
}

// The names of tickets and of the tokens of guests among the security schemes in openapi.yaml.
const (
	ticketScheme = "eventTicket"
	guestScheme  = "guest"
)

func takes(op *openapi3.Operation, scheme string) bool {
	return slices.ContainsFunc(*op.Security, func(r openapi3.SecurityRequirement) bool {
		_, ok := r[scheme]
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
		if mediaType != jsonMedia && mediaType != formMedia {
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

// setDeadlines sets the operation's timeout as the read deadline of the body, because a slow client would otherwise occupy the handler
// for longer. If the connection has no deadlines, the server's own timeout applies. Requests without a body get no read
// deadline: the server keeps reading to notice that the client leaves, and a deadline would break all later requests of the
// connection. An operation that may take longer than the server's own timeout gets more time for its answer.
func (o *operation) setDeadlines(w http.ResponseWriter, r *http.Request) {
	if o.stream {
		return
	}
	control := http.NewResponseController(w)
	if r.Body != http.NoBody {
		_ = control.SetReadDeadline(time.Now().Add(o.Timeout))
	}
	if o.Timeout >= serverTimeout {
		_ = control.SetWriteDeadline(time.Now().Add(o.Timeout + writeReserve))
	}
}

const (
	// The server's own timeout for a request and its answer.
	serverTimeout = 60 * time.Second
	// How long writing an answer may take that is ready when the timeout is over.
	writeReserve = 10 * time.Second
)
