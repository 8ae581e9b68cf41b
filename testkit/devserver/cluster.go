package devserver

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// rootClusters holds the clusters of root's whose own folder the server's user cannot reach.
	rootClusters = "/var/lib/souk"

	previousServerTimeout = 5 * time.Second
)

// cluster is a PostgreSQL cluster: the folder data inside dir, with the superuser's password beside it.
type cluster struct {
	bin        string // PostgreSQL's programs
	dir        string
	credential *syscall.Credential
	fast       bool
	started    func(*Process) // told of the server's process; may be nil
	// How many connections may be open at once.
	connections int
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// PostgresDataDir is the folder that StartPostgres keeps a cluster and its password in when it is given
// dir: dir itself, but a folder under /var/lib/souk if this is root and dir or a parent of it is closed
// to the user that the server runs as. Deleting it, with the server stopped, deletes the cluster. The
// path is absolute and free of symbolic links.
func PostgresDataDir(dir string) (string, error) {
	dir, err := resolve(dir)
	if err != nil {
		return "", err
	}
	if os.Geteuid() != 0 || openToAll(dir) {
		return dir, nil
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(rootClusters, hex.EncodeToString(sum[:6])), nil
}

// resolve is the absolute path of dir, with the symbolic links in the part of it that exists followed.
func resolve(dir string) (string, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolve %s: %w", dir, err)
	}
	existing, missing := absolute, ""
	for {
		target, err := filepath.EvalSymlinks(existing)
		if err == nil {
			return filepath.Join(target, missing), nil
		}
		if !errors.Is(err, fs.ErrNotExist) || existing == filepath.Dir(existing) {
			return "", fmt.Errorf("resolve %s: %w", dir, err)
		}
		missing = filepath.Join(filepath.Base(existing), missing)
		existing = filepath.Dir(existing)
	}
}

// openToAll tells whether every user may pass through dir and its parents, as far as they exist.
func openToAll(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err == nil && info.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}

// preparePostgresDir makes the folder of a cluster and returns its path, as PostgresDataDir does.
func preparePostgresDir(dir string) (string, error) {
	if _, err := prepareDir(dir); err != nil {
		return "", err
	}
	dir, err := PostgresDataDir(dir)
	if err != nil {
		return "", err
	}
	if _, err := prepareDir(dir); err != nil {
		return "", err
	}
	if filepath.Dir(dir) != rootClusters {
		return dir, nil
	}
	for _, made := range []string{rootClusters, dir} { // a strict umask would close them
		if err := os.Chmod(made, 0o755); err != nil {
			return "", fmt.Errorf("open the cluster's folder to the server's user: %w", err)
		}
	}
	return dir, nil
}

// postgresCredential is the user to run PostgreSQL as: nil for the present one, and for root, which
// PostgreSQL refuses, the user postgres or else nobody.
func postgresCredential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("find a user for PostgreSQL, which root cannot run: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the id of user %s: %w", account.Username, err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the group of user %s: %w", account.Username, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// init makes the cluster unless it is there, and returns the superuser's password. A cluster appears
// under its name only when it is complete, so that an interrupted first start leaves nothing half made.
func (c *cluster) init(ctx context.Context, progress func(string)) (string, error) {
	passwordFile := filepath.Join(c.dir, "password")
	if _, err := os.Stat(c.data()); err == nil {
		password, err := os.ReadFile(passwordFile)
		if err != nil {
			return "", fmt.Errorf("read the superuser's password: %w", err)
		}
		return string(password), nil
	}
	report(progress, "making a PostgreSQL cluster in "+c.dir)
	password := rand.Text()
	if err := os.WriteFile(passwordFile, []byte(password), 0o600); err != nil {
		return "", fmt.Errorf("store the superuser's password: %w", err)
	}
	unfinished, err := c.unfinishedDir()
	if err != nil {
		return "", err
	}
	if err := c.initdb(ctx, unfinished, password); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(unfinished, "data"), c.data()); err != nil {
		return "", fmt.Errorf("put the new cluster in place: %w", err)
	}
	if err := os.RemoveAll(unfinished); err != nil {
		return "", fmt.Errorf("clear up after initdb: %w", err)
	}
	return password, nil
}

// unfinishedDir makes an empty folder of the server's user for initdb to work in.
func (c *cluster) unfinishedDir() (string, error) {
	dir := filepath.Join(c.dir, "unfinished")
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("clear an interrupted initdb: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a folder for initdb: %w", err)
	}
	return dir, c.own(dir)
}

// initdb makes the cluster dir/data with a superuser of that password.
func (c *cluster) initdb(ctx context.Context, dir, password string) error {
	pwfile := filepath.Join(dir, "pwfile")
	if err := os.WriteFile(pwfile, []byte(password+"\n"), 0o600); err != nil {
		return fmt.Errorf("pass the superuser's password: %w", err)
	}
	if err := c.own(pwfile); err != nil {
		return err
	}
	args := []string{
		"-D", filepath.Join(dir, "data"), "-U", superuser, "--pwfile=" + pwfile,
		"-E", "UTF8", "--auth-host=scram-sha-256", "--auth-local=scram-sha-256",
	}
	if runtime.GOOS == "linux" {
		args = append(args, "--locale=C.UTF-8")
	} else { // macOS has no C.UTF-8
		args = append(args, "--locale=C", "--lc-ctype=en_US.UTF-8")
	}
	if c.fast {
		args = append(args, "--no-sync")
	}
	process, err := StartProcess(ctx, ProcessConfig{
		Name: "initdb", Path: filepath.Join(c.bin, "initdb"), Args: args, Dir: dir, Credential: c.credential,
	})
	if err != nil {
		return err
	}
	select {
	case <-process.Done():
		return process.Err()
	case <-ctx.Done():
		_ = process.Stop(context.WithoutCancel(ctx)) // being killed is all right here
		return fmt.Errorf("initdb: %w", ctx.Err())
	}
}

// own gives a file to the user that the server runs as.
func (c *cluster) own(path string) error {
	if c.credential == nil {
		return nil
	}
	if err := os.Chown(path, int(c.credential.Uid), int(c.credential.Gid)); err != nil {
		return fmt.Errorf("give to PostgreSQL's user: %w", err)
	}
	return nil
}

// awaitPreviousServer waits for a server that is still shutting down on the cluster, and fails if it
// stays. PostgreSQL itself deals with the lock file of a crashed server, except when the process id in
// it has since gone to another program: then the file is deleted here.
func (c *cluster) awaitPreviousServer(ctx context.Context) error {
	lock := filepath.Join(c.data(), "postmaster.pid")
	ctx, cancel := context.WithTimeout(ctx, previousServerTimeout)
	defer cancel()
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	for {
		content, err := os.ReadFile(lock)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the lock of PostgreSQL: %w", err)
		}
		firstLine, _, _ := strings.Cut(string(content), "\n")
		pid, err := strconv.Atoi(strings.TrimSpace(firstLine))
		if err != nil || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return nil
		}
		if !worksIn(pid, c.data()) {
			if err := os.Remove(lock); err != nil {
				return fmt.Errorf("remove the lock of a crashed PostgreSQL: %w", err)
			}
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("a PostgreSQL server (process %d) already runs on %s", pid, c.data())
		}
	}
}
