// Package discover stands in for go-discover, which asks clouds for the addresses of servers to join. The shop's Consul joins none, and
// the clients of all clouds take minutes to compile.
package discover

import (
	"fmt"
	"log"
)

// Provider is a cloud.
type Provider any

// Providers are the clouds: none.
var Providers map[string]Provider

// Discover answers for no cloud.
type Discover struct{}

// Option changes nothing, because there is nothing to change.
type Option struct{}

// New returns a Discover.
func New(...Option) (*Discover, error) { return &Discover{}, nil }

// WithUserAgent is an Option.
func WithUserAgent(string) Option { return Option{} }

// WithProviders is an Option.
func WithProviders(map[string]Provider) Option { return Option{} }

// Names returns the names of the clouds: none.
func (*Discover) Names() []string { return nil }

// Addrs fails.
func (*Discover) Addrs(config string, _ *log.Logger) ([]string, error) {
	return nil, fmt.Errorf("%s: this build of Consul finds no servers in clouds", config)
}
