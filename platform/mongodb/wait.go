package mongodb

import (
	"context"
	"errors"
	"log/slog"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/auth"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"souk/platform/outage"
)

// Await repeats work while the database is down, until ctx is done. Running work a second time must change nothing.
func Await(ctx context.Context, logger *slog.Logger, work func(context.Context) error) error {
	return outage.Outlast(ctx, logger, "mongo", away, work)
}

// away reports whether err means that the database cannot be reached, or is starting or shutting down.
func away(err error) bool {
	var refused *auth.Error
	if errors.As(err, &refused) {
		return false // the server is up but refused our login
	}
	var none topology.ServerSelectionError
	var answer mongo.ServerError
	return errors.As(err, &none) || mongo.IsNetworkError(err) || mongo.IsTimeout(err) || errors.As(err, &answer) && awayCode(answer)
}

// awayCode reports whether a server is shutting down, recovering, or not the primary yet. The codes are from
// https://github.com/mongodb/specifications/blob/master/source/server-discovery-and-monitoring/server-discovery-and-monitoring.md#not-writable-primary-and-node-is-recovering.
func awayCode(err mongo.ServerError) bool {
	for _, code := range []int{91, 189, 10107, 11600, 11602, 13435, 13436} {
		if err.HasErrorCode(code) {
			return true
		}
	}
	return false
}
