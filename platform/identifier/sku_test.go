package identifier

import (
	"strings"
	"testing"
)

func TestASKUCanStandInAPath(t *testing.T) {
	t.Parallel()
	for _, sku := range []string{"A", "85123A", "BANK CHARGES", "a.b-c_1", "...", "-", strings.Repeat("A", 100)} {
		if !ValidSKU(sku) {
			t.Errorf("%q is refused", sku)
		}
	}
	for _, text := range []string{"", " A", "A ", ".", "..", "A/B", "A\n", "A\x00", "Ä", "A%20B", strings.Repeat("A", 101)} {
		if ValidSKU(text) {
			t.Errorf("%q is taken for a SKU", text)
		}
	}
}
