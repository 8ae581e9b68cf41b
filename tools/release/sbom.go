package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

// checkSBOM holds the SPDX document of a part to what Go has recorded in the binary: each module must be listed with its version.
func (s shop) checkSBOM(part string) error {
	binary, err := buildinfo.ReadFile(s.path(".souk", "bin", part))
	if err != nil {
		return err
	}
	document, err := os.ReadFile(s.path(".souk", "sbom", part+".spdx.json"))
	if err != nil {
		return err
	}
	missing, err := unlisted(binary.Deps, document)
	if err != nil {
		return fmt.Errorf("the SBOM of %s: %w", part, err)
	}
	if len(missing) > 0 {
		return fmt.Errorf("the SBOM of %s does not list %s", part, strings.Join(missing, ", "))
	}
	s.say(".souk/sbom/%s.spdx.json lists the %d modules of %s", part, len(binary.Deps), part)
	return nil
}

// unlisted returns the modules that are not in an SPDX document. The shop's own modules are parts of this repository, without a version.
func unlisted(modules []*debug.Module, document []byte) (missing []string, err error) {
	var spdx struct {
		Packages []struct {
			Name    string `json:"name"`
			Version string `json:"versionInfo"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(document, &spdx); err != nil {
		return nil, err
	}
	listed := map[string]bool{}
	for _, p := range spdx.Packages {
		listed[p.Name], listed[p.Name+"@"+p.Version] = true, true
	}
	for _, module := range modules {
		name := module.Path + "@" + module.Version
		if strings.HasPrefix(module.Path, "souk/") {
			name = module.Path
		}
		if !listed[name] {
			missing = append(missing, name)
		}
	}
	return missing, nil
}
