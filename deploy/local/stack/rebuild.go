package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"souk/testkit/devserver"
)

// RebuildRecommendations has recommendations of the shop that cfg describes, which must be running, forget everything and read the sales
// of orders again.
func RebuildRecommendations(ctx context.Context, cfg Config) error {
	if devserver.CheckPort(cfg.PostgresPort) == nil {
		return errors.New("no shop is running here; start it with make run")
	}
	known, err := readSecrets(cfg.path(secretsFile))
	if err != nil {
		return err
	}
	const name = "recommendations"
	url := fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s?sslmode=disable", name, known.Databases[name], cfg.PostgresPort, name)
	command := exec.CommandContext(ctx, filepath.Join(cfg.BinDir, name), "rebuild")
	command.Env = append(os.Environ(), "SOUK_RECOMMENDATIONS_DATABASE_URL="+url)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}
