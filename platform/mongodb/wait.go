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

// Await does work on the database, again and again while the database is away, until ctx is done. work must change nothing
// when it is done again.
func Await(ctx context.Context, logger *slog.Logger, work func(context.Context) error) error {
	return outage.Outlast(ctx, logger, "mongo", away, work)
}

// away reports whether err says that the database cannot be reached, or is starting or shutting down.
func away(err error) bool {
	var refused *auth.Error
	if errors.As(err, &refused) {
		return false // it is there, and does not know us
	}
	var none topology.ServerSelectionError
	var answer mongo.ServerError
	return errors.As(err, &none) || mongo.IsNetworkError(err) || mongo.IsTimeout(err) || errors.As(err, &answer) && awayCode(answer)
}

// awayCode follows https://github.com/mongodb/specifications/blob/master/source/server-discovery-and-monitoring/server-discovery-and-monitoring.md#not-writable-primary-and-node-is-recovering:
// the codes of a server that shuts down, recovers, or is not the primary yet.
func awayCode(err mongo.ServerError) bool {
	for _, code := range []int{91, 189, 10107, 11600, 11602, 13435, 13436} {
		if err.HasErrorCode(code) {
			return true
		}
	}
	return false
}
