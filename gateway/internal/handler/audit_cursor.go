package handler

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	auditv1 "souk/proto/gen/souk/audit/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/identifier"
	"souk/platform/rpc"
)

// auditPosition is the place of an entry in the audit log. The zero value is the place before the newest.
type auditPosition struct {
	at time.Time
	id string
}

// compare orders positions by time and then by ID, as each service does.
func (p auditPosition) compare(q auditPosition) int {
	return cmp.Or(p.at.Compare(q.at), strings.Compare(p.id, q.id))
}

func (p auditPosition) proto() *auditv1.Position {
	if p.id == "" {
		return nil
	}
	return &auditv1.Position{At: timestamppb.New(p.at), Id: p.id}
}

// auditPositions are the positions after which the services go on. Services without one begin with the newest entry.
type auditPositions map[string]auditPosition

// String returns the positions as a cursor.
func (ps auditPositions) String() string {
	texts := make(map[string]string, len(ps))
	for name, p := range ps {
		texts[name] = p.at.UTC().Format(time.RFC3339Nano) + " " + p.id
	}
	text, _ := json.Marshal(texts) // a map of strings always marshals
	return base64.RawURLEncoding.EncodeToString(text)
}

// parseAuditCursor returns the positions in a cursor; none for an empty one.
func parseAuditCursor(cursor string, services map[string]auditv1.AuditServiceClient) (auditPositions, error) {
	positions := auditPositions{}
	if cursor == "" {
		return positions, nil
	}
	bad := rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR, "the cursor is not one of this list")
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, bad
	}
	var texts map[string]string
	if err := json.Unmarshal(text, &texts); err != nil || len(texts) == 0 {
		return nil, bad
	}
	for name, text := range texts {
		position, ok := parseAuditPosition(text)
		if !ok || services[name] == nil {
			return nil, bad
		}
		positions[name] = position
	}
	return positions, nil
}

// parseAuditPosition returns a position that a service accepts.
func parseAuditPosition(text string) (p auditPosition, ok bool) {
	at, id, _ := strings.Cut(text, " ")
	if p.id, ok = identifier.Canonical(id); !ok {
		return p, false
	}
	var err error
	p.at, err = time.Parse(time.RFC3339Nano, at)
	return p, err == nil && timestamppb.New(p.at).IsValid()
}
