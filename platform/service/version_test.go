package service

import "testing"

func TestABinaryNamesItsRelease(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]release{
		"orders 1.1.0 (322353a)":     release{version: "1.1.0", commit: "322353a"}.or(release{version: "(devel)", commit: "0000000"}),
		"orders (devel) (0000000)":   release{}.or(release{version: "(devel)", commit: "0000000"}),
		"orders (devel) (unknown)":   release{}.or(release{version: "(devel)"}),
		"orders unknown (unknown)":   release{}.or(release{}),
		"orders 1.1.0-dev (0000000)": release{version: "1.1.0-dev"}.or(release{version: "(devel)", commit: "0000000"}),
	} {
		if got := r.line("orders"); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}

func TestOnlyTheFlagAloneAsksForTheVersion(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"version"}, {"--version", "now"}, {"-test.v"}} {
		if asked(args) {
			t.Errorf("%q asks for the version", args)
		}
	}
	if !asked([]string{"--version"}) {
		t.Error("--version does not ask for the version")
	}
}
