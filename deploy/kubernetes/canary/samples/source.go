package samples

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

// patience is how long Prometheus may take to answer.
const patience = 10 * time.Second

// Source reads snapshots of a service, or of the gateway.
type Source struct {
	Namespace, Service string
	// Connect returns the address of Prometheus, and what ends the connection to it.
	Connect func(ctx context.Context) (address string, disconnect func(), err error)
}

// At connects to a Prometheus that can be reached as it is.
func At(address string) func(context.Context) (string, func(), error) {
	return func(context.Context) (string, func(), error) { return address, func() {}, nil }
}

// Read reads a snapshot.
func (s Source) Read(ctx context.Context) (Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	address, disconnect, err := s.Connect(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	defer disconnect()
	client, err := api.NewClient(api.Config{Address: address})
	if err != nil {
		return Snapshot{}, err
	}
	defer client.(api.CloseIdler).CloseIdleConnections()
	return read(ctx, v1.NewAPI(client), s.Namespace, s.Service)
}
