package mongodb

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.opentelemetry.io/otel/attribute"
)

func TestTheSpanOfACommandIsNamedByItsCollection(t *testing.T) {
	t.Parallel()
	for want, command := range map[string]bson.D{
		"find accounts":          {{Key: "find", Value: "accounts"}, {Key: "filter", Value: bson.D{}}},
		"findAndModify accounts": {{Key: "findAndModify", Value: "accounts"}},
		"aggregate accounts":     {{Key: "aggregate", Value: "accounts"}},
		"getMore accounts":       {{Key: "getMore", Value: int64(42)}, {Key: "collection", Value: "accounts"}},
		"aggregate":              {{Key: "aggregate", Value: 1}},
	} {
		text, err := bson.Marshal(command)
		if err != nil {
			t.Fatal(err)
		}
		e := &event.CommandStartedEvent{CommandName: command[0].Key, Command: text}
		name, attributes := describe(e.CommandName, collectionOf(e))
		if name != want {
			t.Errorf("%v is named %q, want %q", command, name, want)
		}
		set := attribute.NewSet(attributes...)
		if collection, ok := set.Value("db.collection.name"); ok != (want != "aggregate") || ok && collection.AsString() != "accounts" {
			t.Errorf("%v has the collection %q", command, collection.AsString())
		}
	}
}
