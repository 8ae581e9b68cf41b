package outage_test

import (
	"testing"

	"souk/platform/outage"
)

func TestOnlyTemporaryErrorsOfPostgresMeanItIsAway(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]bool{
		"08000": true, "08006": true, "53300": true, "57P01": true, "57P02": true, "57P03": true, "57P05": true,
		"25P03": true, "55P03": true, "57014": true,
		"": false, "00000": false, "23505": false, "28P01": false, "25P02": false, "3D000": false, "40001": false, "57P04": false,
	} {
		if got := outage.Postgres(state); got != want {
			t.Errorf("%q: %v, want %v", state, got, want)
		}
	}
}
