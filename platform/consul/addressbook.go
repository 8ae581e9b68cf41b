package consul

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"slices"
)

// addressBook keeps a service's last known addresses on disk, so that a process can start while Consul is down. Outdated
// addresses do no harm, because a process found there still has to prove with its certificate that it is that service.
type addressBook struct {
	dir     KeepDir
	service string
	logger  *slog.Logger
	// saved holds the addresses on disk, sorted.
	saved []string
}

func (b *addressBook) file() string { return "peers/" + b.service + ".json" }

// load returns the stored addresses, or nil if there are none or the file is invalid.
func (b *addressBook) load() []string {
	content, err := b.dir.Read(b.file())
	if err == nil && content != nil {
		b.saved, err = parseAddresses(content)
	}
	if err != nil {
		b.logger.Warn("the last known addresses cannot be used", "error", err)
	}
	return b.saved
}

func parseAddresses(content []byte) ([]string, error) {
	var addresses []string
	if err := json.Unmarshal(content, &addresses); err != nil {
		return nil, err
	}
	for _, address := range addresses {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if host == "" || port == "" {
			return nil, errors.New(address + " is no address")
		}
	}
	return addresses, nil
}

// save writes addresses to disk if they have changed.
func (b *addressBook) save(addresses []string) {
	addresses = slices.Sorted(slices.Values(addresses))
	if b.dir == "" || slices.Equal(addresses, b.saved) {
		return
	}
	content, err := json.Marshal(addresses)
	if err == nil {
		err = b.dir.Write(b.file(), content)
	}
	if err != nil {
		b.logger.Warn("addresses are not kept", "error", err)
		return
	}
	b.saved = addresses
}
