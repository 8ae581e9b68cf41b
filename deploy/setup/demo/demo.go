// Package demo fills a new shop through the REST API: with a catalog and its stock, and with a customer to try it.
package demo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"souk/platform/outage"
)

// CustomerEmail is the e-mail address of the demo customer.
const CustomerEmail = "shopper@souk.example"

// Shop contains the address of the REST API and the credentials to fill the shop.
type Shop struct {
	URL string
	// ClientID and ClientSecret are those of an OAuth client with the scope catalog:write. Without them, a person of staff logs in.
	ClientID, ClientSecret          string
	StaffEmail, StaffPassword       string
	CustomerEmail, CustomerPassword string
	// Client makes the requests; nil means http.DefaultClient.
	Client *http.Client
}

// Imported counts the products in a catalog file, and the new ones among them.
type Imported struct {
	Products int `json:"products"`
	Variants int `json:"variants"`
	Created  int `json:"created"`
	Updated  int `json:"updated"`
	Errors   []struct {
		Line    int    `json:"line"`
		Message string `json:"message"`
	} `json:"errors"`
}

// FillNew fills the shop like [Fill] if it is new, and reports whether it was. A shop is new if the demo customer cannot log in
// and no product is on sale. So products that staff changed or withdrew stay as they are.
func FillNew(ctx context.Context, shop Shop, catalog []byte) (imported Imported, filled bool, err error) {
	known, err := customerKnown(ctx, shop)
	if err != nil || known {
		return imported, false, err
	}
	var page struct {
		Items []json.RawMessage `json:"items"`
	}
	if err = request(ctx, shop, http.MethodGet, "/v1/products?limit=1", call{}, &page); err != nil {
		return imported, false, fmt.Errorf("list the products: %w", err)
	}
	if len(page.Items) > 0 {
		return imported, false, openAccount(ctx, shop)
	}
	imported, err = Fill(ctx, shop, catalog)
	return imported, true, err
}

// Fill imports the catalog, a CSV in Shopify's format, and creates the customer's account. Doing it again sets the products to
// the contents of the catalog, and changes nothing else.
func Fill(ctx context.Context, shop Shop, catalog []byte) (Imported, error) {
	var imported Imported
	token, err := shop.importer(ctx)
	if err != nil {
		return imported, err
	}
	if err := request(ctx, shop, http.MethodPost, "/v1/product-imports", call{token, "text/csv", catalog}, &imported); err != nil {
		return imported, fmt.Errorf("import the catalog: %w", err)
	}
	if len(imported.Errors) > 0 {
		return imported, fmt.Errorf("import the catalog: line %d: %s", imported.Errors[0].Line, imported.Errors[0].Message)
	}
	return imported, openAccount(ctx, shop)
}

// openAccount creates the customer's account, unless it exists. An existing account keeps its password.
func openAccount(ctx context.Context, shop Shop) error {
	if known, err := customerKnown(ctx, shop); err != nil || known {
		return err
	}
	account := map[string]string{"email": shop.CustomerEmail, "password": shop.CustomerPassword, "name": "Sam Shopper"}
	err := postJSON(ctx, shop, "/v1/customers", account, nil)
	var answer *statusError
	if errors.As(err, &answer) && answer.status == http.StatusConflict {
		return nil // the account has another password
	}
	if err != nil {
		return fmt.Errorf("open the demo account: %w", err)
	}
	return nil
}

// customerKnown reports whether the customer can log in.
func customerKnown(ctx context.Context, shop Shop) (bool, error) {
	_, err := login(ctx, shop, shop.CustomerEmail, shop.CustomerPassword)
	var answer *statusError
	if errors.As(err, &answer) && answer.status == http.StatusUnauthorized {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("log in as the demo customer: %w", err)
	}
	return true, nil
}

// tokenPath is where clients get access tokens. It is not imported from the shop, whose packages this module does not need otherwise.
const tokenPath = "/oauth/token"

// importer returns an access token that may import products.
func (shop Shop) importer(ctx context.Context) (token string, err error) {
	if shop.ClientSecret == "" {
		if token, err = login(ctx, shop, shop.StaffEmail, shop.StaffPassword); err != nil {
			return "", fmt.Errorf("log in as staff: %w", err)
		}
		return token, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {shop.ClientID}, "client_secret": {shop.ClientSecret}}
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	if err := request(ctx, shop, http.MethodPost, tokenPath, call{"", "application/x-www-form-urlencoded", []byte(form.Encode())}, &grant); err != nil {
		return "", fmt.Errorf("get a token as client %s: %w", shop.ClientID, err)
	}
	return grant.AccessToken, nil
}

func login(ctx context.Context, shop Shop, email, password string) (token string, err error) {
	var session struct {
		AccessToken string `json:"access_token"`
	}
	err = postJSON(ctx, shop, "/v1/sessions", map[string]string{"email": email, "password": password}, &session)
	return session.AccessToken, err
}

func postJSON(ctx context.Context, shop Shop, path string, body, answer any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return request(ctx, shop, http.MethodPost, path, call{"", "application/json", content}, answer)
}

// call contains an optional token and an optional body with its media type.
type call struct {
	token, mediaType string
	body             []byte
}

// statusError is returned for an answer that is not a success.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%d %s: %s", e.status, http.StatusText(e.status), e.text)
}

// The number of tries for a request that fails.
const tries = 8

// request makes a request, and retries it for a while if the shop cannot answer. A short failure must not leave half a catalog,
// and a gateway that has just started may not know all services yet. All requests of the demo are repeatable.
func request(ctx context.Context, shop Shop, method, path string, c call, answer any) error {
	backoff := outage.Backoff{First: time.Second, Most: 5 * time.Second}
	for try := 1; ; try++ {
		err := requestOnce(ctx, shop, method, path, c, answer)
		var refused *statusError
		if err == nil || errors.As(err, &refused) && refused.status < http.StatusInternalServerError || try == tries || ctx.Err() != nil {
			return err
		}
		backoff.Sleep(ctx)
	}
}

func requestOnce(ctx context.Context, shop Shop, method, path string, c call, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, shop.URL+path, bytes.NewReader(c.body))
	if err != nil {
		return err
	}
	if c.mediaType != "" {
		req.Header.Set("Content-Type", c.mediaType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := cmp.Or(shop.Client, http.DefaultClient).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return &statusError{resp.StatusCode, strings.TrimSpace(string(content))}
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(content, answer)
}
