package identifier

import (
	"strings"
	"testing"
)

func TestASKUIsWrittenAsShopsWriteIt(t *testing.T) {
	t.Parallel()
	for _, sku := range []string{
		"A", "85123A", "BANK CHARGES", "a.b-c_1", "...", "-", strings.Repeat("A", 100), "A/B", "A+OT", "#12", "A (EU)", "A&B", "A:I", "A,B", "Ä",
		"DN-Ø30", "茶-1", "مصباح", "A%20B", "50% wool", "'", "a\\b", "می\u200cخواهم", strings.Repeat("茶", 85),
	} {
		if !ValidSKU(sku) {
			t.Errorf("%q is refused", sku)
		}
	}
	for _, text := range []string{
		"", " A", "A ", "\u00a0A", "A\u3000", ".", "..", "A\n", "A\nB", "A\tB", "A\x00", "A\u0085B", "A\u2028B", "A\u200bB", "\ufeffA", "A\u202eB",
		"A\u0308", "\xff", strings.Repeat("A", 101), strings.Repeat("茶", 86),
	} {
		if ValidSKU(text) {
			t.Errorf("%q is taken for a SKU", text)
		}
	}
}

func TestASKUFromASpreadsheetIsCleaned(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		" A\u00a0": "A", "A\r\n -x": "A -x", "A\tB": "A B", "A\u0308-1": "Ä-1", "\ufeffA\u200b": "A", "A  B": "A  B", "\n": "",
	} {
		if got := CleanSKU(text); got != want || got != "" && !ValidSKU(got) {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
