package handler

import (
	"context"
	"encoding/json"
	"strings"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/gateway/internal/api"
)

// ListClients returns the clients of partners.
func (h *Handler) ListClients(ctx context.Context, req api.ListClientsRequestObject) (api.ListClientsResponseObject, error) {
	answer, err := h.Clients.ListClients(ctx, &customersv1.ListClientsRequest{Limit: value(req.Params.Limit), Cursor: value(req.Params.Cursor)})
	if err != nil {
		return nil, err
	}
	return api.ListClients200JSONResponse{Items: views(answer.GetClients(), clientView), NextCursor: optional(answer.GetNextCursor())}, nil
}

// CreateClient adds a client.
func (h *Handler) CreateClient(ctx context.Context, req api.CreateClientRequestObject) (api.CreateClientResponseObject, error) {
	key := ""
	if req.Body.PublicKey != nil {
		text, err := json.Marshal(req.Body.PublicKey)
		if err != nil {
			return nil, err
		}
		key = string(text)
	}
	answer, err := h.Clients.CreateClient(ctx, &customersv1.CreateClientRequest{
		PublicKey: key, Name: req.Body.Name, Kind: clientKindProto(req.Body.Kind), Scopes: req.Body.Scopes, ExpiresAt: timeProto(req.Body.ExpiresAt),
	})
	if err != nil {
		return nil, err
	}
	c := clientView(answer.GetClient())
	return api.CreateClient201JSONResponse{
		Id: c.Id, Name: c.Name, Kind: c.Kind, Scopes: c.Scopes, CreatedAt: c.CreatedAt, ExpiresAt: c.ExpiresAt, Secret: optional(answer.GetSecret()), PublicKey: c.PublicKey,
	}, nil
}

// DeleteClient deletes a client.
func (h *Handler) DeleteClient(ctx context.Context, req api.DeleteClientRequestObject) (api.DeleteClientResponseObject, error) {
	if _, err := h.Clients.DeleteClient(ctx, &customersv1.DeleteClientRequest{Id: req.Id}); err != nil {
		return nil, err
	}
	return api.DeleteClient204Response{}, nil
}

// TokenOfKey exchanges an API key for an access token.
func (h *Handler) TokenOfKey(ctx context.Context, key string) (string, error) {
	answer, err := h.Clients.GetKeyToken(ctx, &customersv1.GetKeyTokenRequest{Key: key})
	return answer.GetAccessToken(), err
}

const clientKindPrefix = "KIND_"

func clientKindProto(kind api.ClientKind) customersv1.Client_Kind {
	return customersv1.Client_Kind(customersv1.Client_Kind_value[clientKindPrefix+strings.ToUpper(string(kind))])
}

func clientView(c *customersv1.Client) api.Client {
	view := api.Client{
		Id: c.GetId(), Name: c.GetName(), Scopes: c.GetScopes(), CreatedAt: c.GetCreatedAt().AsTime(),
		Kind: api.ClientKind(strings.ToLower(strings.TrimPrefix(c.GetKind().String(), clientKindPrefix))),
	}
	if c.GetExpiresAt() != nil {
		view.ExpiresAt = new(c.GetExpiresAt().AsTime())
	}
	if key := new(api.ClientKey); json.Unmarshal([]byte(c.GetPublicKey()), key) == nil {
		view.PublicKey = key
	}
	if c.GetLastUsedAt() != nil {
		view.LastUsedAt = new(c.GetLastUsedAt().AsTime())
	}
	return view
}
