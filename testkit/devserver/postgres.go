package devserver

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const superuser = "postgres"

// PostgresConfig says where and how to run a PostgreSQL server. Dir is required.
type PostgresConfig struct {
	Dir      string         // the cluster's folder, made at first use; see PostgresDataDir
	Port     int            // zero takes a free one
	LogFile  string         // postgres.log in the cluster's folder if empty
	Fast     bool           // for tests: committed data may be lost if the machine (not the server) crashes
	Progress func(string)   // told what takes long, such as an installation; may be nil
	Started  func(*Process) // told of each process as soon as it runs, before it answers; may be nil
	// Connections is how many may be open at once; 300 if zero.
	Connections int
}

// Postgres is a running PostgreSQL server.
type Postgres struct {
	*Process
	dir      string
	port     int
	password string
}

// StartPostgres starts a PostgreSQL server on 127.0.0.1 and returns when it answers. At first use it
// makes the cluster: UTF-8, a superuser "postgres" with a random password, passwords required
// everywhere. Without PostgreSQL on the machine it installs Debian's if it may, and otherwise fails
// with what to install. As root it runs the server as user postgres, or nobody.
//
// It fails if the port is in use, and if another server still runs on the same folder after 5 seconds.
// Two programs must not make the same cluster at the same time.
func StartPostgres(ctx context.Context, config PostgresConfig) (*Postgres, error) {
	server, err := startPostgres(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return server, nil
}

func startPostgres(ctx context.Context, config PostgresConfig) (*Postgres, error) {
	bin, err := findPostgres(ctx, config.Progress)
	if err != nil {
		return nil, err
	}
	credential, err := postgresCredential()
	if err != nil {
		return nil, err
	}
	dir, err := preparePostgresDir(config.Dir)
	if err != nil {
		return nil, err
	}
	c := cluster{bin: bin, dir: dir, credential: credential, fast: config.Fast, started: config.Started, connections: cmp.Or(config.Connections, 300)}
	password, err := c.init(ctx, config.Progress)
	if err != nil {
		return nil, err
	}
	if err := c.awaitPreviousServer(ctx); err != nil {
		return nil, err
	}
	port, err := usablePort(config.Port)
	if err != nil {
		return nil, err
	}
	logFile := config.LogFile
	if logFile == "" {
		logFile = filepath.Join(dir, "postgres.log")
	}
	process, err := c.start(ctx, port, logFile)
	if err != nil {
		return nil, err
	}
	return &Postgres{Process: process, dir: dir, port: port, password: password}, nil
}

// Port is the TCP port on 127.0.0.1.
func (p *Postgres) Port() int { return p.port }

// URL is the connection string of a database for a user.
func (p *Postgres) URL(user, password, database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(user, password),
		Host:     loopback(p.port),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// AdminURL is the connection string of the superuser for the database postgres.
func (p *Postgres) AdminURL() string {
	return p.URL(superuser, p.password, "postgres")
}

// Remove stops the server and deletes its cluster with all data.
func (p *Postgres) Remove(ctx context.Context) error {
	if err := p.Stop(ctx); err != nil {
		return fmt.Errorf("remove PostgreSQL: %w", err)
	}
	if err := os.RemoveAll(p.dir); err != nil {
		return fmt.Errorf("remove PostgreSQL: %w", err)
	}
	return nil
}

// start runs the server on an initialized cluster and waits until it answers. It tries again while
// sessions of a killed server, which have yet to notice that it is gone, hold its shared memory.
func (c *cluster) start(ctx context.Context, port int, logFile string) (*Process, error) {
	deadline := time.After(previousServerTimeout)
	for {
		process, err := c.tryStart(ctx, port, logFile)
		if err == nil || !strings.Contains(err.Error(), "pre-existing shared memory block") {
			return process, err
		}
		select {
		case <-time.After(probeInterval):
		case <-deadline:
			return nil, err
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (c *cluster) tryStart(ctx context.Context, port int, logFile string) (*Process, error) {
	settings := []string{
		"listen_addresses=127.0.0.1",
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=",
		"max_connections=" + strconv.Itoa(c.connections),
		"logging_collector=off",
	}
	if c.fast {
		// Not synchronous_commit: off, it saves nothing more, and a killed server would lose commits.
		settings = append(settings, "fsync=off", "full_page_writes=off")
	} else {
		// Room for the databases of all services. A small shop uses little of it.
		settings = append(settings, "shared_buffers=512MB")
	}
	args := []string{"-D", c.data()}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	process, err := StartProcess(ctx, ProcessConfig{
		Name:    "postgres",
		Path:    filepath.Join(c.bin, "postgres"),
		Args:    args,
		Dir:     c.dir,
		LogFile: logFile,
		// PostgreSQL's fast shutdown, which does not wait for clients to leave.
		StopSignal:  syscall.SIGINT,
		StopTimeout: 20 * time.Second,
		DeathSignal: syscall.SIGINT,
		Credential:  c.credential,
		Started:     c.started,
	})
	if err != nil {
		return nil, err
	}
	err = waitReady(ctx, process, func(ctx context.Context) error {
		isReady := exec.CommandContext(ctx, filepath.Join(c.bin, "pg_isready"),
			"-h", "127.0.0.1", "-p", strconv.Itoa(port), "-U", superuser, "-d", "postgres")
		out, err := isReady.CombinedOutput()
		if err != nil {
			return fmt.Errorf("pg_isready: %w: %s", err, strings.TrimSpace(string(out)))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return process, nil
}
