package setup_test

import (
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"souk/deploy/setup"
	"souk/deploy/setup/cluster"
)

const (
	podToken  = "token-of-the-pod"
	namespace = "/api/v1/namespaces/souk/secrets"
)

// apiServer stands for the API server of Kubernetes: it stores Secrets.
type apiServer struct {
	mu      sync.Mutex
	secrets map[string]*storedSecret
	// writes counts the requests that changed something. failAfter makes all further ones fail, if it is not 0.
	writes, failAfter int
}

type storedSecret struct {
	Metadata struct {
		Name            string `json:"name"`
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
	Data map[string][]byte `json:"data"`
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	name, ok := strings.CutPrefix(r.URL.Path, namespace)
	name = strings.TrimPrefix(name, "/")
	kept := a.secrets[name]
	switch {
	case r.Header.Get("Authorization") != "Bearer "+podToken || !ok:
		refuse(w, http.StatusForbidden, "secrets is forbidden")
	case r.Method != http.MethodGet && a.failAfter > 0 && a.writes >= a.failAfter:
		refuse(w, http.StatusInternalServerError, "the store is away")
	case r.Method == http.MethodPost:
		var made storedSecret
		_ = json.NewDecoder(r.Body).Decode(&made)
		made.Metadata.ResourceVersion = "1"
		a.secrets[made.Metadata.Name] = &made
		a.writes++
	case kept == nil:
		refuse(w, http.StatusNotFound, "not found")
	case r.Method == http.MethodGet:
		_ = json.NewEncoder(w).Encode(kept)
	case r.Method == http.MethodPatch && r.Header.Get("Content-Type") == "application/merge-patch+json":
		a.patch(w, r, kept)
	default:
		refuse(w, http.StatusMethodNotAllowed, "only what setup needs is here")
	}
}

func (a *apiServer) patch(w http.ResponseWriter, r *http.Request, kept *storedSecret) {
	var change storedSecret
	_ = json.NewDecoder(r.Body).Decode(&change)
	if change.Metadata.ResourceVersion != kept.Metadata.ResourceVersion {
		refuse(w, http.StatusConflict, "the object has been modified")
		return
	}
	maps.Copy(kept.Data, change.Data)
	kept.Metadata.ResourceVersion += "1"
	a.writes++
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"kind": "Status", "message": message})
}

// values returns what the Secrets contain, by container and name as in volumes.
func (a *apiServer) values() map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	values := map[string]string{}
	for name, secret := range a.secrets {
		for key, value := range secret.Data {
			values[strings.TrimSuffix(name, "-secrets")+"/"+key] = string(value)
		}
	}
	return values
}

// newCluster returns an empty API server, and its client in a pod whose service account has this token.
func newCluster(t *testing.T, token string) (*apiServer, *cluster.API) {
	t.Helper()
	a := &apiServer{secrets: map[string]*storedSecret{}}
	server := httptest.NewTLSServer(a)
	t.Cleanup(server.Close)
	account := t.TempDir()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, content := range map[string]string{"token": token, "namespace": "souk", "ca.crt": string(authority)} {
		if err := os.WriteFile(filepath.Join(account, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	api, err := cluster.Open(server.Listener.Addr().String(), account)
	if err != nil {
		t.Fatal(err)
	}
	return a, api
}

// shareIn runs setup in a new pod.
func shareIn(t *testing.T, api *cluster.API) error {
	t.Helper()
	return setup.ShareInCluster(t.Context(), setup.Config{Dir: t.TempDir(), CartsMongo: "off"}, api)
}

func TestInAClusterEachContainerHasASecretWithWhatItsVolumeWouldHave(t *testing.T) {
	t.Parallel()
	a, api := newCluster(t, podToken)
	if err := shareIn(t, api); err != nil {
		t.Fatal(err)
	}
	got := a.values()
	for path := range shared(t, newConfig(t)) {
		if _, ok := got[path]; ok == strings.HasPrefix(path, "carts-mongo/") {
			t.Errorf("there is a Secret with %s: %v", path, ok)
		}
	}
	if got["orders-db/superuser-password"] != got["setup/orders-superuser-password"] || got["orders-db/superuser-password"] == "" {
		t.Error("setup does not know the password of the superuser")
	}
	before, writes := a.values(), a.writes
	if err := shareIn(t, api); err != nil || a.writes != writes || !reflect.DeepEqual(a.values(), before) {
		t.Errorf("another run: %v, %d writes more", err, a.writes-writes)
	}
}

func TestInAClusterWhatAnOperatorHasSetStays(t *testing.T) {
	t.Parallel()
	a, api := newCluster(t, podToken)
	const password, url = "that the operator chose", "postgres://elsewhere"
	if err := api.Add(t.Context(), "setup-secrets", map[string]string{"staff-password": password}); err != nil {
		t.Fatal(err)
	}
	if err := api.Add(t.Context(), "orders-secrets", map[string]string{"database-url": url}); err != nil {
		t.Fatal(err)
	}
	if err := shareIn(t, api); err != nil {
		t.Fatal(err)
	}
	got := a.values()
	for _, path := range []string{"setup/staff-password", "customers/staff-password"} {
		if got[path] != password {
			t.Errorf("%s is %q", path, got[path])
		}
	}
	if got["orders/database-url"] != url || got["orders/consul-token"] == "" {
		t.Errorf("orders has %q, and the token %q", got["orders/database-url"], got["orders/consul-token"])
	}
}

func TestInAClusterARunThatFailedHalfwayIsFinishedWithTheSameSecrets(t *testing.T) {
	t.Parallel()
	a, api := newCluster(t, podToken)
	a.failAfter = 3
	err := shareIn(t, api)
	if err == nil || !strings.Contains(err.Error(), "the store is away") {
		t.Fatalf("%v", err)
	}
	first := a.values()
	for path, value := range first {
		if strings.Contains(err.Error(), value) && value != "" {
			t.Errorf("the error contains %s", path)
		}
	}
	a.failAfter = 0
	if err := shareIn(t, api); err != nil {
		t.Fatal(err)
	}
	second := a.values()
	for path, value := range first {
		if second[path] != value {
			t.Errorf("%s changed", path)
		}
	}
	if len(first) == len(second) {
		t.Error("the first run had written everything")
	}
}

func TestTheAddressOfADatabaseIsAddedToTheSecretOfItsService(t *testing.T) {
	t.Parallel()
	a, api := newCluster(t, podToken)
	store := setup.InCluster(api)
	for _, uri := range []string{"mongodb://first", "mongodb://second"} {
		if err := store(t.Context(), "customers", "mongo-uri", uri); err != nil {
			t.Fatal(err)
		}
	}
	if got := a.values(); got["customers/mongo-uri"] != "mongodb://first" {
		t.Errorf("customers has %v", got)
	}
}

func TestAPodThatMayNotStoreSecretsSaysWhy(t *testing.T) {
	t.Parallel()
	a, api := newCluster(t, "of another pod")
	if err := shareIn(t, api); err == nil || !strings.Contains(err.Error(), "403: secrets is forbidden") || strings.Contains(err.Error(), "of another pod") {
		t.Errorf("%v", err)
	}
	if len(a.values()) > 0 {
		t.Errorf("stored: %v", a.values())
	}
}

func TestOutsideAPodThereIsNoCluster(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := cluster.InCluster(); err == nil || !strings.Contains(err.Error(), "not a pod") {
		t.Errorf("%v", err)
	}
	if _, err := cluster.Open("127.0.0.1:1", t.TempDir()); err == nil || !strings.Contains(err.Error(), "service account") {
		t.Errorf("%v", err)
	}
}
