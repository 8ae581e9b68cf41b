package handler

import (
	"strings"
	"testing"
)

// FuzzHeaders checks that parsed tags name only versions and tags in the header, and that a Last-Event-ID is a position that an
// order can have.
func FuzzHeaders(f *testing.F) {
	const mine = `"p1.7.0123456789abcdef"`
	for _, seed := range []string{mine, "*", " * ", "W/" + mine, `"other", ` + mine, `"p1.0.x"`, `"p1.-7.x"`, `"a,b"`, `"a"b, "c"`, "99999999999999999999", "2147483647", "2147483648", "+1", "", ",", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		named := parseTags(header)
		for _, version := range named.versionsOf("p1") {
			if version < 1 || !strings.Contains(strings.ToLower(header), `"p1.`) {
				t.Errorf("If-Match %q names version %d", header, version)
			}
		}
		if named.haveWeakly(mine) && !named.any && !strings.Contains(header, mine) {
			t.Errorf("If-None-Match %q has %s", header, mine)
		}
		if whole := parseTags(mine + "," + header); !whole.haveWeakly(mine) || len(whole.versionsOf("p1")) == 0 {
			t.Errorf("%s,%q does not name the first", mine, header)
		}
		if position, err := lastPosition(&header); err == nil && position < 0 || err != nil && position != 0 {
			t.Errorf("Last-Event-ID %q is position %d: %v", header, position, err)
		}
	})
}
