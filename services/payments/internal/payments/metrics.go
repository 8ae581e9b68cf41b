package payments

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var webhookMessages = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "souk_webhooks_total", Help: "Messages of payment providers: handled, refused (unknown provider or bad signature) or failed.",
}, []string{"outcome"})

var (
	webhooksHandled = webhookMessages.WithLabelValues("handled")
	webhooksRefused = webhookMessages.WithLabelValues("refused")
	webhooksFailed  = webhookMessages.WithLabelValues("failed")
)

func countWebhook(err error) {
	switch {
	case err == nil:
		webhooksHandled.Inc()
	case errors.Is(err, ErrUnknownProvider), errors.Is(err, ErrBadSignature):
		webhooksRefused.Inc()
	default:
		webhooksFailed.Inc()
	}
}
