package identifier

import (
	"strings"
	"testing"
)

func TestOnlyTheCommonSpellingIsAnID(t *testing.T) {
	t.Parallel()
	const stored = "0198a000-0000-7000-8000-00000000000c"
	for _, text := range []string{stored, strings.ToUpper(stored)} {
		if got, ok := Canonical(text); !ok || got != stored || !Valid(text) {
			t.Errorf("%s is %s, %v; want %s", text, got, ok, stored)
		}
	}
	for _, text := range []string{
		"", "7", "{" + stored + "}", "urn:uuid:" + stored, strings.ReplaceAll(stored, "-", ""), "x" + stored[1:], stored + "0",
	} {
		if Valid(text) {
			t.Errorf("%q passes for an id", text)
		}
	}
}
