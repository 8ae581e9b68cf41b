package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"souk/testkit/devserver"
)

// database is a PostgreSQL database on this machine with the role that owns it.
type database struct {
	port           int
	name, password string
}

func databaseOf(port int, service string, s secrets) database {
	return database{port: port, name: service, password: s.Databases[service]}
}

// dump writes a dump of the database to a new file, in PostgreSQL's custom format. pg_dump reads everything in one transaction.
func dump(ctx context.Context, d database, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(d.run(ctx, "pg_dump", nil, file, "--format=custom"), file.Close())
}

// restore fills the empty database from a dump, in one transaction.
func restore(ctx context.Context, d database, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return d.run(ctx, "pg_restore", file, nil, "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
}

// run runs a program of PostgreSQL on the database. The password goes by the environment, because other users see the arguments.
func (d database) run(ctx context.Context, program string, in io.Reader, out io.Writer, args ...string) error {
	path, err := devserver.PostgresTool(ctx, program)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, path, append(args, "--dbname="+d.name)...)
	command.Env = append(os.Environ(), "PGHOST=127.0.0.1", "PGPORT="+strconv.Itoa(d.port), "PGUSER="+d.name, "PGPASSWORD="+d.password)
	command.Stdin, command.Stdout = in, out
	var complaints strings.Builder
	command.Stderr = &complaints
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(complaints.String()))
	}
	return nil
}
