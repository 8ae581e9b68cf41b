package payments

import (
	"errors"
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var webhookMessages = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "souk_webhooks_total",
	Help: "Messages of payment providers: handled, refused (unknown provider or bad signature) or failed. The provider is other unless it is configured.",
}, []string{"provider", "outcome"})

const (
	// otherProvider stands for all providers that are not configured, because the name in a message can be anything.
	otherProvider = "other"

	webhookHandled = "handled"
	webhookRefused = "refused"
	webhookFailed  = "failed"
)

// showWebhooks shows the counters of the configured providers and of all others from the start.
func showWebhooks(readers map[string]EventReader) {
	for _, provider := range append(slices.Collect(maps.Keys(readers)), otherProvider) {
		for _, outcome := range []string{webhookHandled, webhookRefused, webhookFailed} {
			webhookMessages.WithLabelValues(provider, outcome)
		}
	}
}

func (s *Service) countWebhook(provider string, err error) {
	if _, known := s.webhooks[provider]; !known {
		provider = otherProvider
	}
	outcome := webhookFailed
	switch {
	case err == nil:
		outcome = webhookHandled
	case errors.Is(err, ErrUnknownProvider), errors.Is(err, ErrBadSignature):
		outcome = webhookRefused
	}
	webhookMessages.WithLabelValues(provider, outcome).Inc()
}
