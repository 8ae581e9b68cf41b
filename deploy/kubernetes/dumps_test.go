package kubernetes_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"souk/deploy/setup"
	"souk/testkit/devserver"
)

// place is where a container would run: a folder for the dumps, and a database with the plain role that setup makes.
type place struct {
	folder, programs, address string
}

func newPlace(t *testing.T) place {
	t.Helper()
	server, err := devserver.StartPostgres(t.Context(), devserver.PostgresConfig{Dir: t.TempDir(), Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Remove(context.Background()) })
	program, err := devserver.PostgresTool(t.Context(), "pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	const superuser, password = "of the superuser", `it's %s "quoted" \`
	p := place{folder: t.TempDir(), programs: filepath.Dir(program), address: server.URL("orders", password, "orders")}
	p.query(t, server.AdminURL(), `CREATE DATABASE orders`)
	p.query(t, server.AdminURL(), `ALTER ROLE postgres PASSWORD '`+superuser+`'`)
	err = setup.PreparePostgres(t.Context(), slog.New(slog.DiscardHandler), setup.Database{
		Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(server.Port())), Service: "orders", Password: password, Superuser: superuser,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// query returns what psql prints.
func (p place) query(t *testing.T, address, statement string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), filepath.Join(p.programs, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
		"-d", address, "-c", statement).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", statement, err, output)
	}
	return strings.TrimSpace(string(output))
}

// run runs the command of a CronJob in the place, with its environment, and the address of the database in a file.
func (p place) run(t *testing.T, name, address string, env ...string) (output string, err error) {
	t.Helper()
	container := cronJob(t, name).Spec.JobTemplate.Spec.Template.Spec.Containers[0]
	file := filepath.Join(t.TempDir(), "database-url")
	if err := os.WriteFile(file, []byte(address), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), container.Command[0], container.Command[1:]...)
	command.Dir = p.folder
	command.Env = []string{"PATH=" + p.programs + string(os.PathListSeparator) + os.Getenv("PATH")}
	for _, variable := range container.Env {
		command.Env = append(command.Env, variable.Name+"="+variable.Value)
	}
	command.Env = append(append(command.Env, "DATABASE_URL_FILE="+file), env...)
	printed, err := command.CombinedOutput()
	return string(printed), err
}

func (p place) mustRun(t *testing.T, name string, env ...string) {
	t.Helper()
	if output, err := p.run(t, name, p.address, env...); err != nil {
		t.Fatalf("%s: %v: %s", name, err, output)
	}
}

func (p place) files(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(p.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// write makes an empty file in the folder of the dumps.
func (p place) write(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.folder, name), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestARestoredDatabaseIsWhatItWasWhenItWasDumped(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.query(t, p.address, `CREATE EXTENSION pg_trgm; CREATE SCHEMA simulator; CREATE TABLE simulator.cards (n int);
		CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1), (2)`)
	p.mustRun(t, "orders-backup")
	const tables = `SELECT string_agg(schemaname || '.' || tablename, ' ' ORDER BY schemaname) FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`
	before := p.query(t, p.address, tables)
	p.query(t, p.address, `INSERT INTO orders VALUES (3); CREATE TABLE of_the_next_version (n int)`)
	dump := p.files(t)[0]
	for _, env := range []string{"DUMP=", "DUMP=" + dump} { // the newest, and one by its name
		p.mustRun(t, "orders-restore", env)
		if after := p.query(t, p.address, tables); after != before {
			t.Errorf("%s: the tables are %s, and were %s", env, after, before)
		}
		if ids := p.query(t, p.address, `SELECT string_agg(id::text, ' ' ORDER BY id) FROM orders`); ids != "1 2" {
			t.Errorf("%s: the orders are %s", env, ids)
		}
	}
	p.query(t, p.address, `INSERT INTO orders VALUES (4); CREATE INDEX ON orders USING gin ((id::text) gin_trgm_ops)`)
}

func TestADatabaseInUseIsNotRestored(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.query(t, p.address, `CREATE TABLE orders (id int)`)
	p.mustRun(t, "orders-backup")
	session := exec.CommandContext(t.Context(), filepath.Join(p.programs, "psql"), "-X", "-q", "-A", "-t", "-d", p.address)
	input, err := session.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := session.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(input, "INSERT INTO orders VALUES (7) RETURNING id;")
	if _, err := output.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if said, err := p.run(t, "orders-restore", p.address); err == nil || !strings.Contains(said, "scale it to 0 first") {
		t.Errorf("restored beside a session: %v, %s", err, said)
	}
	if ids := p.query(t, p.address, `SELECT id FROM orders`); ids != "7" {
		t.Errorf("the orders are %s", ids)
	}
	_ = input.Close()
	_ = session.Wait()
}

func TestWithoutADumpNothingIsRestored(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.query(t, p.address, `CREATE TABLE orders (id int)`)
	for _, env := range []string{"DUMP=", "DUMP=orders-20250101T014000Z.dump"} {
		if said, err := p.run(t, "orders-restore", p.address, env); err == nil || !strings.Contains(said, "there is no dump") {
			t.Errorf("%s: %v, %s", env, err, said)
		}
	}
	p.query(t, p.address, `SELECT FROM orders`)
}

func TestTheLastSevenDumpsOfADatabaseAreKept(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	var old []string
	for day := range 9 {
		old = append(old, fmt.Sprintf("orders-2025010%dT014000Z.dump", day+1))
		p.write(t, old[day])
	}
	others := []string{"carts-20250101T010500Z.dump", "orders-20250110T014000Z.dump.part"}
	for _, name := range others {
		p.write(t, name)
	}
	p.mustRun(t, "orders-backup")
	files := p.files(t)
	kept := slices.DeleteFunc(slices.Clone(files), func(name string) bool { return slices.Contains(others, name) })
	if len(files) != 7+len(others) || !slices.Equal(kept[:6], old[3:]) || !strings.HasSuffix(kept[6], "Z.dump") {
		t.Errorf("kept: %v", files)
	}
}

func TestADumpThatFailedHasNoNameAndDeletesNothing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const old = "orders-20250101T014000Z.dump"
	p.write(t, old)
	if said, err := p.run(t, "orders-backup", p.address+"&host=nowhere.invalid", "KEEP=1"); err == nil {
		t.Errorf("dumped from nowhere: %s", said)
	}
	for _, name := range p.files(t) {
		if name != old && !strings.HasSuffix(name, ".part") {
			t.Errorf("there is %s", name)
		}
	}
}
