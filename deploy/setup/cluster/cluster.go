// Package cluster stores secrets in the Kubernetes cluster in which the process runs. It asks the API server with the token of the
// pod's service account, whose role decides which Secrets it may read and change.
package cluster

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ServiceAccount is the folder in which a pod finds its token, its namespace and the certificate authority of the API server:
// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
const ServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

const (
	// The time limit for one answer of the API server.
	answerWithin = 10 * time.Second
	// More than the API server allows a Secret.
	maxAnswer = 4 << 20
)

// API is the API server, for the Secrets of one namespace.
type API struct {
	url    string
	token  string
	client *http.Client
}

// Open returns the API server at address (host:port) for the service account in the folder dir.
func Open(address, dir string) (*API, error) {
	read := func(name string) string {
		content, _ := os.ReadFile(filepath.Join(dir, name)) // what is missing is reported below
		return strings.TrimSpace(string(content))
	}
	token, namespace, authorities := read("token"), read("namespace"), x509.NewCertPool()
	if !authorities.AppendCertsFromPEM([]byte(read("ca.crt"))) || token == "" || namespace == "" {
		return nil, fmt.Errorf("%s has no token, namespace and ca.crt: does the pod have a service account?", dir)
	}
	return &API{
		url: "https://" + address + "/api/v1/namespaces/" + namespace + "/secrets", token: token,
		client: &http.Client{Timeout: answerWithin, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities},
		}},
	}, nil
}

// InCluster returns the API server of the pod that this process runs in.
func InCluster() (*API, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" {
		return nil, errors.New("KUBERNETES_SERVICE_HOST is not set: this is not a pod")
	}
	return Open(net.JoinHostPort(host, cmp.Or(port, "443")), ServiceAccount)
}

// secret is the resource Secret. JSON has its values in base64, as a []byte.
type secret struct {
	APIVersion string            `json:"apiVersion,omitempty"`
	Kind       string            `json:"kind,omitempty"`
	Metadata   metadata          `json:"metadata"`
	Type       string            `json:"type,omitempty"`
	Data       map[string][]byte `json:"data"`
}

type metadata struct {
	Name string `json:"name,omitempty"`
	// ResourceVersion makes a change fail if somebody else changed the Secret since it was read.
	ResourceVersion string            `json:"resourceVersion,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
}

// Read returns the values of a Secret, or nil if it does not exist.
func (a *API) Read(ctx context.Context, name string) (map[string]string, error) {
	found, err := a.read(ctx, name)
	if err != nil || found == nil {
		return nil, err
	}
	values := map[string]string{}
	for key, value := range found.Data {
		values[key] = string(value)
	}
	return values, nil
}

// Add stores the values in a Secret, which it creates if it does not exist. A value that the Secret already has stays as it is,
// because it may be in use, or be one that an operator has set.
func (a *API) Add(ctx context.Context, name string, values map[string]string) error {
	found, err := a.read(ctx, name)
	if err != nil {
		return err
	}
	if found == nil {
		return a.create(ctx, name, values)
	}
	missing := map[string][]byte{}
	for key, value := range values {
		if _, ok := found.Data[key]; !ok {
			missing[key] = []byte(value)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	change := secret{Metadata: metadata{ResourceVersion: found.Metadata.ResourceVersion}, Data: missing}
	return a.ask(ctx, http.MethodPatch, "/"+name, change, nil)
}

func (a *API) create(ctx context.Context, name string, values map[string]string) error {
	made := secret{
		APIVersion: "v1", Kind: "Secret", Type: "Opaque", Data: map[string][]byte{},
		Metadata: metadata{Name: name, Labels: map[string]string{"app.kubernetes.io/part-of": "souk"}},
	}
	for key, value := range values {
		made.Data[key] = []byte(value)
	}
	return a.ask(ctx, http.MethodPost, "", made, nil)
}

// read returns a Secret, or nil if it does not exist.
func (a *API) read(ctx context.Context, name string) (*secret, error) {
	var found secret
	err := a.ask(ctx, http.MethodGet, "/"+name, nil, &found)
	var refused *statusError
	if errors.As(err, &refused) && refused.code == http.StatusNotFound {
		return nil, nil
	}
	return &found, err
}

// statusError is an answer of the API server that is not a success. The text is the API server's reason.
type statusError struct {
	request, text string
	code          int
}

func (e *statusError) Error() string { return fmt.Sprintf("%s: %d: %s", e.request, e.code, e.text) }

// ask sends a request for Secrets and reads the answer into answer, if that is not nil. Errors do not contain the body.
func (a *API) ask(ctx context.Context, method, path string, body, answer any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		var reason struct{ Message string }
		_ = json.Unmarshal(text, &reason) // a proxy may answer without one
		return &statusError{request: method + " secrets" + path, code: resp.StatusCode, text: reason.Message}
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
