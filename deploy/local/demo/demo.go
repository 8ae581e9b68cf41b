// Package demo is responsible for what a new shop is filled with, through the REST API alone: a catalog
// with its stock, and a customer to try it with.
package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// CustomerEmail is whom the demo shop knows.
const CustomerEmail = "shopper@souk.example"

// Shop is where the REST API is, and who may fill it.
type Shop struct {
	URL                             string
	StaffEmail, StaffPassword       string
	CustomerEmail, CustomerPassword string
}

// Imported counts what a catalog file holds and what was new in it.
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

// Fill imports the catalog, a CSV in Shopify's format, and opens the customer's account. Doing it again
// changes nothing.
func Fill(ctx context.Context, shop Shop, catalog []byte) (Imported, error) {
	var imported Imported
	token, err := login(ctx, shop.URL, shop.StaffEmail, shop.StaffPassword)
	if err != nil {
		return imported, fmt.Errorf("log in as staff: %w", err)
	}
	if err := post(ctx, shop.URL+"/v1/product-imports", token, "text/csv", catalog, &imported); err != nil {
		return imported, fmt.Errorf("import the catalog: %w", err)
	}
	if _, err := login(ctx, shop.URL, shop.CustomerEmail, shop.CustomerPassword); err == nil {
		return imported, nil
	}
	account := map[string]string{"email": shop.CustomerEmail, "password": shop.CustomerPassword, "name": "Sam Shopper"}
	if err := postJSON(ctx, shop.URL+"/v1/customers", account, nil); err != nil {
		return imported, fmt.Errorf("open the demo account: %w", err)
	}
	return imported, nil
}

func login(ctx context.Context, url, email, password string) (token string, err error) {
	var session struct {
		AccessToken string `json:"access_token"`
	}
	err = postJSON(ctx, url+"/v1/sessions", map[string]string{"email": email, "password": password}, &session)
	return session.AccessToken, err
}

func postJSON(ctx context.Context, url string, body, answer any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return post(ctx, url, "", "application/json", content, answer)
}

func post(ctx context.Context, url, token, mediaType string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", mediaType)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(content)))
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(content, answer)
}
