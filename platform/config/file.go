package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/caarlos0/env/v11"
)

// fileSuffix is the suffix of a variable that contains the path of a file with the setting's value.
const fileSuffix = "_FILE"

// environment returns the process's environment variables, and the contents of the files that they name for target's settings.
// An empty variable counts as missing, as for the settings themselves.
func environment(target any) (map[string]string, error) {
	params, err := env.GetFieldParamsWithOptions(target, env.Options{Prefix: Prefix})
	if err != nil {
		return nil, err
	}
	all := env.ToMap(os.Environ())
	var errs []string
	for _, param := range params {
		path := all[param.Key+fileSuffix]
		if param.OwnKey == "" || path == "" {
			continue
		}
		if all[param.Key] != "" {
			errs = append(errs, fmt.Sprintf("%s and %s are both set", param.Key, param.Key+fileSuffix))
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			errs = append(errs, fmt.Sprintf("%s: %v", param.Key+fileSuffix, err))
			continue
		}
		all[param.Key] = strings.TrimSuffix(string(content), "\n")
	}
	if len(errs) > 0 {
		return nil, errors.New(strings.Join(errs, "; "))
	}
	return all, nil
}
