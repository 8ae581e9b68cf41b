package devserver

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// PostgresTool returns the path of a program of the installed PostgreSQL, such as pg_dump.
func PostgresTool(ctx context.Context, name string) (string, error) {
	bin, err := findPostgres(ctx, nil)
	if err != nil {
		return "", err
	}
	return exec.LookPath(filepath.Join(bin, name))
}

// MongoData returns the folder with the databases of a FerretDB server whose MongoConfig has dir: a file for each.
func MongoData(dir string) string { return filepath.Join(dir, "data") }

// BackUpMongo copies the databases of a FerretDB server to a folder, a file for each. The server may be running, and each copy is of one
// moment.
func BackUpMongo(ctx context.Context, dir, to string) error {
	program, err := findTool(ctx, "SOUK_FERRETDB", "ferretdb", nil)
	if err != nil {
		return err
	}
	output, err := exec.CommandContext(ctx, program, "-dir", MongoData(dir), "-backup", to).CombinedOutput()
	if err != nil {
		return fmt.Errorf("back up FerretDB: %w: %s", err, strings.TrimSpace(string(output)))
	}
	return nil
}
