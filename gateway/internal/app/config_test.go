package app

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"souk/platform/config"
)

func TestTheShopSellsInAnyCurrencyOfISO4217(t *testing.T) {
	t.Parallel()
	for currency, ok := range map[string]bool{"GBP": true, "JPY": true, "KWD": true, "": false, "jpy": false, "YEN": false} {
		cfg := Config{Currency: currency, RateLimits: "on", Copy: "on", CacheBytes: 1}
		if err := cfg.Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", currency, err)
		}
	}
}

func TestSettingsAreReadFromTheEnvironment(t *testing.T) {
	t.Setenv("SOUK_TRUSTED_PROXIES", "10.0.0.0/8,2001:db8::/32")
	t.Setenv("SOUK_CORS_ORIGINS", "https://shop.example,http://127.0.0.1:3000")
	t.Setenv("SOUK_GATEWAY_TLS_CERT", "tls.crt")
	t.Setenv("SOUK_GATEWAY_TLS_KEY", "tls.key")
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(cfg.Proxies, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}) {
		t.Errorf("proxies %v", cfg.Proxies)
	}
	if !slices.Equal(cfg.Origins, []string{"https://shop.example", "http://127.0.0.1:3000"}) {
		t.Errorf("origins %v", cfg.Origins)
	}
	if http := cfg.http(); http.CertFile != "tls.crt" || http.KeyFile != "tls.key" || http.AnyNetwork || len(http.Proxies) != 2 {
		t.Errorf("HTTP %+v", http)
	}
}

func TestOptionalFeaturesAreOffByDefault(t *testing.T) {
	t.Parallel()
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		t.Fatal(err)
	}
	if http := cfg.http(); http.CertFile != "" || http.AnyNetwork || http.LameDuck != 5*time.Second || len(cfg.Proxies) != 0 || len(cfg.Origins) != 0 {
		t.Errorf("the defaults are %+v", cfg)
	}
}

func TestAnInvalidSettingIsNamedInTheError(t *testing.T) {
	for name, value := range map[string]string{
		"SOUK_GATEWAY_TLS_CERT": "alone.crt", "SOUK_GATEWAY_TLS_KEY": "alone.key", "SOUK_RATE_LIMITS": "some", "SOUK_GATEWAY_COPY": "maybe", "SOUK_GATEWAY_CACHE_BYTES": "0", "SOUK_GATEWAY_LAME_DUCK": "-1s",
		"SOUK_TRUSTED_PROXIES": "10.0.0.1", "SOUK_CORS_ORIGINS": "https://shop.example,*",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if err := config.Load(&Config{}); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		})
	}
}
