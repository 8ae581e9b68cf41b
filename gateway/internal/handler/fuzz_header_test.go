package handler

import (
	"strings"
	"testing"
)

// FuzzHeaders: an If-Match names a version or none, an If-None-Match only what stands in it, and a Last-Event-ID a
// position that an order can have.
func FuzzHeaders(f *testing.F) {
	const tag = `"7-0123456789abcdef"`
	for _, seed := range []string{tag, "*", " * ", "W/" + tag, `"other", ` + tag, `"0-x"`, "-7", "99999999999999999999", "2147483647", "2147483648", "+1", "", ",", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		version, ok := versionOf(header)
		if any := strings.TrimSpace(header) == "*"; ok && (version < 0 || version == 0 != any) {
			t.Errorf("If-Match %q is version %d", header, version)
		}
		if noneMatch(header, tag) && strings.TrimSpace(header) != "*" && !strings.Contains(header, tag) {
			t.Errorf("If-None-Match %q has %s", header, tag)
		}
		if !noneMatch(header+","+tag, tag) {
			t.Errorf("If-None-Match %q,%s does not have %s", header, tag, tag)
		}
		if position, err := lastPosition(&header); err == nil && position < 0 || err != nil && position != 0 {
			t.Errorf("Last-Event-ID %q is position %d: %v", header, position, err)
		}
	})
}
