package config_test

import (
	"testing"

	"souk/platform/config"
)

func TestIsURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"https://shop.example.com": true, "http://127.0.0.1:8080/shop": true, "": false, "shop.example.com": false, "ftp://shop.example.com": false,
		"https://": false, "https://me@shop.example.com": false, "https://shop.example.com?a": false, "https://shop.example.com#a": false, "https://%": false,
	} {
		if got := config.IsURL(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
