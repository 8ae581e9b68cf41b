package customers

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/hotp"
)

// The secret of the test values in RFC 6238, appendix B, in base32.
const rfcSecret = Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")

// The last six of the eight digits in the RFC.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	t.Parallel()
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if step, ok := stepOf(rfcSecret, code, time.Unix(at, 0)); !ok || step != at/30 {
			t.Errorf("at %d: step %d, %t", at, step, ok)
		}
	}
}

func TestACodeIsGoodForOneStepMoreOnEitherSide(t *testing.T) {
	t.Parallel()
	const step = 37037036
	code, err := hotp.GenerateCode(string(rfcSecret), step)
	if err != nil {
		t.Fatal(err)
	}
	for late, want := range map[time.Duration]bool{
		-31 * time.Second: false, -30 * time.Second: true, 0: true, 59 * time.Second: true, 60 * time.Second: false,
	} {
		if _, ok := stepOf(rfcSecret, code, time.Unix(step*30, 0).Add(late)); ok != want {
			t.Errorf("%v after it is shown: %t, want %t", late, ok, want)
		}
	}
	for _, wrong := range []string{"", "0", code + "0", code[:5], "000000", strings.Repeat("1", 1000)} {
		if _, ok := stepOf(rfcSecret, wrong, time.Unix(step*30, 0)); ok {
			t.Errorf("%q is good", wrong)
		}
	}
}

func TestRecoveryCodesDiffer(t *testing.T) {
	t.Parallel()
	codes, hashes := newRecoveryCodes()
	seen := map[Secret]bool{}
	for i, code := range codes {
		if len(code) != 19 || seen[code] || tokenHash(normalCode(strings.ToLower(string(code)))) != hashes[i] || strings.Contains(hashes[i], string(code[:4])) {
			t.Errorf("code %d: %q", i, string(code))
		}
		seen[code] = true
	}
	if len(codes) != 10 || len(hashes) != 10 {
		t.Errorf("%d codes and %d hashes", len(codes), len(hashes))
	}
}
