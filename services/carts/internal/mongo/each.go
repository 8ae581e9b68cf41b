// Package mongo reads the carts that earlier versions stored in a MongoDB-protocol database.
package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"souk/services/carts/internal/carts"
)

// batchSize is the number of carts read at a time. A cart may have 2,000 lines.
const batchSize = 100

// document is a cart as it was stored. A guest cart whose claim was interrupted looks like any other guest cart; its customer's
// cart records whether it was merged.
type document struct {
	ID         string    `bson:"_id"`
	CustomerID string    `bson:"customer_id"`
	Lines      []line    `bson:"lines"`
	Merged     []string  `bson:"merged"`
	CheckedOut []string  `bson:"checked_out"`
	ExpiresAt  time.Time `bson:"expires_at"`
}

type line struct {
	SKU      string `bson:"sku"`
	Quantity int64  `bson:"quantity"`
}

// Each passes all carts that have not expired to take, in batches: first customers' carts, then guest carts.
func Each(ctx context.Context, db *mongo.Database, take func([]carts.Former) error) error {
	for _, customer := range []bson.E{
		{Key: "customer_id", Value: bson.D{{Key: "$ne", Value: ""}}},
		{Key: "customer_id", Value: ""},
	} {
		live := bson.E{Key: "expires_at", Value: bson.D{{Key: "$gt", Value: time.Now()}}}
		if err := each(ctx, db, bson.D{customer, live}, take); err != nil {
			return fmt.Errorf("read carts in MongoDB: %w", err)
		}
	}
	return nil
}

func each(ctx context.Context, db *mongo.Database, filter bson.D, take func([]carts.Former) error) error {
	cursor, err := db.Collection("carts").Find(ctx, filter, options.Find().SetBatchSize(batchSize))
	if err != nil {
		return err
	}
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	var batch []carts.Former
	for cursor.Next(ctx) {
		var d document
		if err := cursor.Decode(&d); err != nil {
			return err
		}
		batch = append(batch, former(d))
		if cursor.RemainingBatchLength() == 0 {
			if err := take(batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	return cursor.Err()
}

func former(d document) carts.Former {
	f := carts.Former{Cart: carts.Cart{ID: d.ID, CustomerID: d.CustomerID, ExpiresAt: d.ExpiresAt}, Merged: d.Merged, CheckedOut: d.CheckedOut}
	for _, l := range d.Lines {
		f.Lines = append(f.Lines, carts.Line(l))
	}
	return f
}
