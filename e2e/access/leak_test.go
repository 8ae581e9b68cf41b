package access_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"souk/deploy/local/stack"
	"souk/e2e/testshop"
)

// given are the secrets that the shop has given to the canary test.
var given []string

// canary is in every secret that the canary test makes up.
const canary = "CANARY"

// patterns are what is recognized by its form, wherever it comes from.
var patterns = map[string]*regexp.Regexp{
	"an access token":         regexp.MustCompile(`eyJ[\w-]+\.eyJ[\w-]+`),
	"a refresh token":         regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[\w-]{43}`),
	"a ticket":                regexp.MustCompile(`\b(?i:ticket)"?[=:]"?[\w-]`),
	"an Authorization header": regexp.MustCompile(`(?i)\bbearer [\w-]`),
	"an API key":              regexp.MustCompile(`souk_[0-9A-Za-z]{49}`),
	"a password's hash":       regexp.MustCompile(`\$argon2`),
	"a private key":           regexp.MustCompile(`PRIVATE KEY`),
	"a connection's password": regexp.MustCompile(`(postgres(ql)?|mongodb)://[^/\s"]*:[^/\s"]*@`),
	"a payment method":        regexp.MustCompile(`pm_card`),
	"an e-mail address":       regexp.MustCompile(`[\w.+-]+@(souk\.example|example\.com)`),
	"a person's address":      regexp.MustCompile(leeds.Name + "|" + leeds.Line1 + "|" + leeds.PostalCode),
}

// leaks returns what of the shop's secrets, and of its customers, is in the logs, a line for each.
func leaks(s *testshop.Shop) ([]string, error) {
	secrets, err := secretsOf(s)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, part := range s.Parts() {
		log, err := os.ReadFile(s.LogFile(part))
		if err != nil {
			return nil, err
		}
		for what, secret := range secrets {
			if at := bytes.Index(log, []byte(secret)); at >= 0 {
				found = append(found, fmt.Sprintf("%s is in the log of %s: %s", what, part, lineAt(log, at)))
			}
		}
		for what, pattern := range patterns {
			if at := pattern.FindIndex(log); at != nil {
				found = append(found, fmt.Sprintf("%s is in the log of %s: %s", what, part, lineAt(log, at[0])))
			}
		}
	}
	return found, nil
}

// secretsOf returns the secrets of the shop itself, by what they are: all that it made up at its first start, and what this
// package gave it.
func secretsOf(s *testshop.Shop) (map[string]string, error) {
	content, err := os.ReadFile(filepath.Join(filepath.Dir(s.LogFile(stack.Gateway)), "..", "secrets.json"))
	if err != nil {
		return nil, err
	}
	var madeUp any
	if err := json.Unmarshal(content, &madeUp); err != nil {
		return nil, err
	}
	secrets := map[string]string{"a canary": canary}
	addTexts(secrets, "secrets.json", madeUp)
	for i, token := range s.MailTokens() {
		secrets[fmt.Sprintf("the token of mail %d", i)] = token
	}
	for i, secret := range given {
		secrets[fmt.Sprintf("secret %d of a client", i)] = secret
	}
	private, err := shopKey()
	if err != nil {
		return nil, err
	}
	secrets["the signing key in hexadecimal"] = hex.EncodeToString(private.Seed())
	secrets["the signing key in base64"] = base64.RawStdEncoding.EncodeToString(private.Seed())
	secrets["the signing key in base64url"] = b64(private.Seed())
	return secrets, nil
}

// addTexts adds every text in a JSON value, by where it stands.
func addTexts(texts map[string]string, path string, value any) {
	switch v := value.(type) {
	case string:
		texts[path] = v
	case object:
		for name, field := range v {
			addTexts(texts, path+"."+name, field)
		}
	}
}

func lineAt(log []byte, at int) string {
	start := bytes.LastIndexByte(log[:at], '\n') + 1
	line, _, _ := bytes.Cut(log[start:], []byte("\n"))
	return string(line[:min(len(line), 500)])
}
