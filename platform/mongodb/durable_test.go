package mongodb

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/platform/secret"
	"souk/testkit/devserver"
)

func TestEveryWriteAsksToBeJournaledByMostServersWhateverTheURISays(t *testing.T) {
	t.Parallel()
	server, err := devserver.StartMongo(t.Context(), devserver.MongoConfig{Dir: t.TempDir(), Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	for _, query := range []string{"", "?w=1&journal=false", "?w=0"} {
		uri := fmt.Sprintf("mongodb://127.0.0.1:%d/carts%s", server.Port(), query)
		var mu sync.Mutex
		sent := map[string]string{}
		opts := clientOptions(Config{URI: secret.URL(uri)}).SetMonitor(&event.CommandMonitor{
			Started: func(_ context.Context, e *event.CommandStartedEvent) {
				mu.Lock()
				defer mu.Unlock()
				sent[e.CommandName] = e.Command.Lookup("writeConcern").String()
			},
		})
		client, err := mongo.Connect(opts)
		if err != nil {
			t.Fatal(err)
		}
		things := client.Database("carts").Collection("things")
		_, inserted := things.InsertOne(t.Context(), bson.D{{Key: "x", Value: 1}})
		_, updated := things.UpdateOne(t.Context(), bson.D{{Key: "x", Value: 1}}, bson.D{{Key: "$set", Value: bson.D{{Key: "x", Value: 2}}}})
		changed := things.FindOneAndUpdate(t.Context(), bson.D{{Key: "x", Value: 2}}, bson.D{{Key: "$set", Value: bson.D{{Key: "x", Value: 3}}}}).Err()
		_, deleted := things.DeleteOne(t.Context(), bson.D{{Key: "x", Value: 3}})
		for i, err := range []error{inserted, updated, changed, deleted} {
			if err != nil {
				t.Errorf("%q: write %d: %v", query, i, err)
			}
		}
		_ = client.Disconnect(context.Background())
		for _, command := range []string{"insert", "update", "findAndModify", "delete"} {
			if want := `{"w": "majority","j": true}`; sent[command] != want {
				t.Errorf("%q: %s asks for %s, want %s", query, command, sent[command], want)
			}
		}
	}
}
