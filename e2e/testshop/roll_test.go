package testshop

import (
	"testing"

	"souk/deploy/local/stack"
)

func TestOnlyAServiceIsRolled(t *testing.T) {
	t.Parallel()
	for _, name := range []string{stack.Gateway, stack.Postgres, "orders-2", "nothing"} {
		if err := new(Shop).Roll(t.Context(), name); err == nil {
			t.Errorf("roll %s: no error", name)
		}
	}
}
