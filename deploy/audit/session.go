package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"souk/platform/access"
	"souk/platform/certificate"
	"souk/platform/secret"
)

// newSigner returns what signs calls: as an OAuth client, if there is one, or else as staff.
func newSigner(cfg Config) func(context.Context) (context.Context, error) {
	client := &http.Client{Timeout: callTimeout}
	if cfg.URLCert != "" {
		client.Transport = &http.Transport{TLSClientConfig: certificate.Pinned(cfg.URLCert)}
	}
	url := strings.TrimSuffix(cfg.URL, "/")
	if cfg.ClientID != "" {
		return asClient(cfg, url+access.TokenPath, client)
	}
	return (&session{url: url + "/v1/sessions", email: cfg.StaffEmail, password: cfg.StaffPassword, http: client}).sign
}

// asClient signs calls with tokens of an OAuth client, each of which is used until shortly before it expires.
func asClient(cfg Config, url string, client *http.Client) func(context.Context) (context.Context, error) {
	credentials := clientcredentials.Config{
		ClientID: cfg.ClientID, ClientSecret: string(cfg.ClientSecret), TokenURL: url, AuthStyle: oauth2.AuthStyleInHeader,
	}
	tokens := credentials.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, client))
	return func(ctx context.Context) (context.Context, error) {
		token, err := tokens.Token()
		if err != nil {
			return nil, fmt.Errorf("get a token as client %s: %w", cfg.ClientID, err)
		}
		return access.WithToken(ctx, token.AccessToken), nil
	}
}

// session is a login of staff. An audit may take longer than the lifetime of an access token, so it logs in again after half of
// that.
type session struct {
	url, email string
	password   secret.Text
	http       *http.Client

	mu    sync.Mutex
	token string
	renew time.Time
}

// sign returns ctx with the token, which calls made with it forward.
func (s *session) sign(ctx context.Context) (context.Context, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !time.Now().Before(s.renew) {
		if err := s.logIn(ctx); err != nil {
			return nil, fmt.Errorf("log in as %s: %w", s.email, err)
		}
	}
	return access.WithToken(ctx, s.token), nil
}

func (s *session) logIn(ctx context.Context) error {
	credentials, err := json.Marshal(map[string]string{"email": s.email, "password": string(s.password)})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(credentials))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	start := time.Now()
	resp, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s: %.300s", resp.Status, bytes.TrimSpace(body))
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("the session: %w", err)
	}
	s.token = answer.AccessToken
	s.renew = start.Add(time.Duration(answer.ExpiresIn) * time.Second / 2)
	return nil
}
