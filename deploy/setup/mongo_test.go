package setup_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"

	"souk/deploy/setup"
	"souk/platform/mongodb"
	"souk/testkit/devserver"
)

// FerretDB knows no passwords; what MongoDB does with them is not tested here.
func TestFerretDBIsReachedWithoutAPasswordAndTheLogSaysSo(t *testing.T) {
	t.Parallel()
	ferret, err := devserver.StartMongo(t.Context(), devserver.MongoConfig{Dir: t.TempDir(), Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ferret.Stop(context.Background()) })
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(ferret.Port()))
	var log bytes.Buffer
	uri, err := setup.PrepareMongo(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), setup.Database{
		Addr: addr, Service: "carts", Password: "hunter2", Superuser: "hunter3",
	})
	if want := fmt.Sprintf("mongodb://%s/carts", addr); err != nil || string(uri) != want {
		t.Fatalf("%s, %v; want %s", string(uri), err, want)
	}
	if !strings.Contains(log.String(), "asks for no password") || strings.Contains(log.String(), "hunter") {
		t.Errorf("logged: %s", log.String())
	}
	if _, err := mongodb.Open(t.Context(), mongodb.Config{URI: uri}, quiet); err != nil {
		t.Error(err)
	}
}
