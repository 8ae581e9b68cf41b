package setup

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// LoadGiven puts the variables in the file at path, one NAME=value a line, into the environment of this process. Compose
// hands setup the secrets from outside in such a file, because docker inspect shows a container's environment. A variable
// without a value is left out, and so is a file that is not there.
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
