package secret_test

import (
	"encoding/base64"
	"encoding/hex"
	"testing"

	"souk/platform/secret"
)

func TestATokenIsRandomAndItsHashIsNot(t *testing.T) {
	t.Parallel()
	token := secret.NewToken()
	random, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(random) != 32 || len(token) != secret.TokenLength || token == secret.NewToken() {
		t.Errorf("token %q has %d random bytes, %v", token, len(random), err)
	}
	if got, want := hex.EncodeToString(secret.Hash("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}
