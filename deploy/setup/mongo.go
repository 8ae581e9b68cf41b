package setup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/platform/mongodb"
	"souk/platform/secret"
)

// The superuser that MongoDB's official image creates, as configured in docker-compose.yml.
const mongoSuperuser = "root"

// Error codes of MongoDB: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
const (
	unauthorized         = 13
	authenticationFailed = 18
	userExists           = 51003
)

// PrepareMongo gives the service a user that can read and write only its own database. It returns the address for the service,
// which contains the password.
//
// FerretDB 1 does not support passwords, so its address has none; this is logged. A MongoDB that requires no password is an
// error.
func PrepareMongo(ctx context.Context, logger *slog.Logger, db Database) (secret.URL, error) {
	asks, err := asksForPassword(ctx, logger, db)
	if err != nil {
		return "", err
	}
	if !asks {
		logger.WarnContext(ctx, "FerretDB asks for no password: the network of its own is the database's whole guard", "service", db.Service)
		return mongoURI(db, nil, db.Service), nil
	}
	admin, err := mongodb.Open(ctx, mongodb.Config{URI: mongoURI(db, url.UserPassword(mongoSuperuser, string(db.Superuser)), "admin")}, logger)
	if err != nil {
		return "", fmt.Errorf("log in as %s (a volume of an earlier version has no such user: see deploy/setup/README.md): %w", mongoSuperuser, err)
	}
	defer func() { _ = admin.Client().Disconnect(context.WithoutCancel(ctx)) }()
	if err := makeUser(ctx, admin.Client().Database(db.Service), db); err != nil {
		return "", err
	}
	return mongoURI(db, url.UserPassword(db.Service, string(db.Password)), db.Service), nil
}

// asksForPassword reports whether the server refuses clients without a password.
func asksForPassword(ctx context.Context, logger *slog.Logger, db Database) (bool, error) {
	anonymous, err := mongodb.Open(ctx, mongodb.Config{URI: mongoURI(db, nil, db.Service)}, logger)
	if err != nil {
		return false, err
	}
	defer func() { _ = anonymous.Client().Disconnect(context.WithoutCancel(ctx)) }()
	_, err = anonymous.ListCollectionNames(ctx, bson.D{})
	var answer mongo.ServerError
	if errors.As(err, &answer) && (answer.HasErrorCode(unauthorized) || answer.HasErrorCode(authenticationFailed)) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	var build struct {
		FerretDB string `bson:"ferretdbVersion"`
	}
	if err := anonymous.RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&build); err != nil {
		return false, err
	}
	if build.FerretDB == "" {
		return false, errors.New("the server asks for no password")
	}
	return false, nil
}

// makeUser creates the service's user, or changes its password if it exists.
func makeUser(ctx context.Context, database *mongo.Database, db Database) error {
	settings := bson.D{
		{Key: "pwd", Value: string(db.Password)},
		{Key: "roles", Value: bson.A{bson.D{{Key: "role", Value: "readWrite"}, {Key: "db", Value: db.Service}}}},
	}
	err := database.RunCommand(ctx, append(bson.D{{Key: "createUser", Value: db.Service}}, settings...)).Err()
	var answer mongo.ServerError
	if errors.As(err, &answer) && answer.HasErrorCode(userExists) {
		err = database.RunCommand(ctx, append(bson.D{{Key: "updateUser", Value: db.Service}}, settings...)).Err()
	}
	return err
}

func mongoURI(db Database, user *url.Userinfo, database string) secret.URL {
	u := url.URL{Scheme: "mongodb", User: user, Host: db.Addr, Path: database}
	return secret.URL(u.String())
}
