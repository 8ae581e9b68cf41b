package setup

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// LoadGiven sets the variables in the file at path, one NAME=value per line, in the environment of this process. Compose passes
// secrets to setup in such a file, because docker inspect shows the environment of a container. Variables without a value are
// ignored, and so is a missing file.
func LoadGiven(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		name, value, ok := strings.Cut(lines.Text(), "=")
		if !ok || !strings.HasPrefix(name, "SOUK_") {
			return fmt.Errorf("%s: line %d is not SOUK_NAME=value", path, number)
		}
		if value == "" {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("%s: line %d: %w", path, number, err)
		}
	}
	return lines.Err()
}
