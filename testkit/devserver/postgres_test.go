package devserver

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startTestPostgres starts a server on a folder of the test's. The caller stops it.
func startTestPostgres(t *testing.T, dir string) *Postgres {
	t.Helper()
	server, err := StartPostgres(t.Context(), PostgresConfig{Dir: dir, Fast: true, Progress: logLine(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server
}

func logLine(t *testing.T) func(string) {
	return func(line string) { t.Log(line) }
}

// psql runs a statement as the superuser and returns what it prints.
func psql(t *testing.T, server *Postgres, statement string) string {
	t.Helper()
	out, err := psqlAt(t, server.AdminURL(), statement)
	if err != nil {
		t.Fatalf("%s: %v: %s", statement, err, out)
	}
	return out
}

func psqlAt(t *testing.T, url, statement string) (string, error) {
	t.Helper()
	out, err := psqlCommand(t, url, statement).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func psqlCommand(t *testing.T, url, statement string) *exec.Cmd {
	t.Helper()
	bin, err := findPostgres(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(t.Context(), filepath.Join(bin, "psql"), "-X", "-A", "-t", "-q", "-c", statement, url)
}

func TestPostgresKeepsItsDataAcrossRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startTestPostgres(t, dir)
	psql(t, first, "CREATE TABLE things AS SELECT 'Ünïcode'::text AS name")
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}

	second := startTestPostgres(t, dir)
	if got := psql(t, second, "SELECT lower(name) FROM things"); got != "ünïcode" {
		t.Errorf("after a restart the table holds %q, want ünïcode", got)
	}
	if first.AdminURL() == second.AdminURL() {
		t.Errorf("both servers were given port %d", second.Port())
	}
}

func TestPostgresComesBackAfterACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := startTestPostgres(t, dir)
	psql(t, server, "CREATE TABLE things (id int)")
	// A session that is too busy to notice at once that its server is gone.
	busy := psqlCommand(t, server.AdminURL(), "SELECT count(*) FROM generate_series(1, 5000000) a")
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		const sessions = "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%series%'"
		return psql(t, server, sessions) == "1"
	})
	crash(t, server)
	if server.Err() == nil {
		t.Error("Err() = nil after a crash")
	}
	server = startTestPostgres(t, dir)
	_ = busy.Wait() // fails or not, as it happened to be cut off
	psql(t, server, "SELECT * FROM things")
}

func TestPostgresTakesOverALockOfAnotherProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := startTestPostgres(t, dir)
	crash(t, server)

	// The crashed server's process id now belongs to another program.
	lock := filepath.Join(server.dir, "data", "postmaster.pid")
	content, err := os.ReadFile(lock)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "\n")
	if err := os.WriteFile(lock, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	psql(t, startTestPostgres(t, dir), "SELECT 1")
}

// crash kills a server and waits for its end.
func crash(t *testing.T, server *Postgres) {
	t.Helper()
	if err := server.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-server.Done()
}

func TestPostgresWantsAPassword(t *testing.T) {
	t.Parallel()
	server := startTestPostgres(t, t.TempDir())
	out, err := psqlAt(t, server.URL(superuser, "wrong", "postgres"), "SELECT 1")
	if err == nil || !strings.Contains(out, "password authentication failed") {
		t.Errorf("with a wrong password: %v: %s", err, out)
	}
	if got := psql(t, server, "SHOW unix_socket_directories"); got != "" {
		t.Errorf("listens on a socket in %s", got)
	}
	if got := psql(t, server, "SHOW listen_addresses"); got != "127.0.0.1" {
		t.Errorf("listens on %s", got)
	}

	info, err := os.Stat(filepath.Join(server.dir, "password"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the password file has mode %v", info.Mode())
	}
}

func TestPostgresRefusesATakenPort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := startTestPostgres(t, dir)
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := StartPostgres(t.Context(), PostgresConfig{Dir: dir, Port: occupiedPort(t)})
	wantPortInUse(t, err)
}

func TestPostgresRefusesASecondServerOnACluster(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := startTestPostgres(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond) // instead of the full wait
	defer cancel()
	_, err := StartPostgres(ctx, PostgresConfig{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "already runs on") {
		t.Errorf("error = %v, want one that says that a server already runs", err)
	}
	psql(t, server, "SELECT 1")
}

func TestPostgresStartsOverAfterAnInterruptedInit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := StartPostgres(ctx, PostgresConfig{Dir: dir, Progress: func(string) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v, want %v", err, context.Canceled)
	}
	psql(t, startTestPostgres(t, dir), "SELECT 1")
}

func TestPostgresReportsWhyItDied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := startTestPostgres(t, dir)
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	version := filepath.Join(server.dir, "data", "PG_VERSION")
	if err := os.WriteFile(version, []byte("9.6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := StartPostgres(t.Context(), PostgresConfig{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "incompatible") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error = %v, want PostgreSQL's own message on one line", err)
	}
}

func TestPostgresRemoveDeletesTheCluster(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := startTestPostgres(t, dir)
	kept, err := PostgresDataDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(kept, "data", "PG_VERSION")); err != nil {
		t.Fatal(err)
	}
	if err := server.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(kept); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", kept, err)
	}
}

func TestPostgresDataDirIsOneTheServerCanReach(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root runs the server as another user")
	}
	open, err := os.MkdirTemp("/tmp", "devserver")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(open) })
	closed := filepath.Join(open, "closed")
	if err := errors.Join(os.Chmod(open, 0o755), os.Mkdir(closed, 0o700)); err != nil {
		t.Fatal(err)
	}
	got, err := PostgresDataDir(filepath.Join(open, "new"))
	if err != nil || got != filepath.Join(open, "new") {
		t.Errorf("in an open folder: %s, %v", got, err)
	}
	got, err = PostgresDataDir(filepath.Join(closed, "new"))
	if err != nil || filepath.Dir(got) != rootClusters {
		t.Errorf("in a closed folder: %s, %v; want one in %s", got, err, rootClusters)
	}

	link := filepath.Join(open, "link")
	if err := os.Symlink(closed, link); err != nil {
		t.Fatal(err)
	}
	linked, err := PostgresDataDir(filepath.Join(link, "new"))
	if err != nil || linked != got {
		t.Errorf("through a link to a closed folder: %s, %v; want %s", linked, err, got)
	}

	t.Cleanup(func() { _ = os.RemoveAll(got) })
	if err := os.MkdirAll(got, 0o700); err != nil { // as under a strict umask
		t.Fatal(err)
	}
	prepared, err := preparePostgresDir(filepath.Join(closed, "new"))
	if err != nil || prepared != got || !openToAll(got) {
		t.Errorf("prepared %s, %v; want %s, open to the server's user", prepared, err, got)
	}
}
