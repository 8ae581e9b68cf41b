package growth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"souk/e2e/shop"
)

// Orders are past orders that were loaded.
type Orders struct {
	// Newest is the id of the newest of them, which is of the account 1.
	Newest string
}

const (
	ordersAtOnce = 50_000
	// patterns is how many orders are placed in the shop, to be copied.
	patterns = 20
	// keysFor is how long the services keep idempotency keys, in SQL.
	keysFor = "interval '48 hours'"
)

// LoadOrders loads n delivered orders of a line each, spread over a year and over the accounts 1 to accounts. It places and delivers
// some orders of the SKUs, and copies them.
func (l *Loader) LoadOrders(ctx context.Context, n, accounts int, skus []string) (Orders, error) {
	delivered, err := l.deliver(ctx, skus)
	if err != nil {
		return Orders{}, fmt.Errorf("deliver the orders that are copied: %w", err)
	}
	sources, err := l.sources(ctx, delivered)
	if err != nil {
		return Orders{}, fmt.Errorf("read the orders that are copied: %w", err)
	}
	b := book{sources: sources, orders: n, accounts: accounts}
	l.say("%d orders were delivered, to be copied", len(sources))
	var group errgroup.Group
	group.SetLimit(2) // so that two databases are written to at once
	for _, service := range []string{"orders", "payments", "inventory", "shipping", "carts"} {
		group.Go(func() error {
			if err := l.loadOrders(ctx, service, b); err != nil {
				return fmt.Errorf("load orders: %s: %w", service, err)
			}
			l.say("%d orders: %s", n, service)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Orders{}, err
	}
	var newest Orders
	err = l.databases["orders"].QueryRow(ctx, `SELECT id FROM orders WHERE number = $1`, fmt.Sprintf("S-%08d", 1)).Scan(&newest.Newest)
	return newest, err
}

// deliver places orders of a line each and waits until they are delivered. It returns their ids.
func (l *Loader) deliver(ctx context.Context, skus []string) ([]string, error) {
	staff, _, err := l.door.Login(ctx, l.shop.StaffEmail(), l.shop.StaffPassword())
	if err != nil {
		return nil, err
	}
	buyer, _, err := l.door.Register(ctx, "buyer@growth.example", Password, "Ada Shopper")
	if err != nil {
		return nil, err
	}
	var ids []string
	for i := range min(patterns, len(skus)) {
		cart, err := buyer.OpenCart(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := buyer.Put(ctx, cart.ID, skus[i*len(skus)/patterns], 1); err != nil {
			return nil, err
		}
		checkout := shop.Checkout{CartID: cart.ID, ShippingAddress: &home, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa"}
		order, err := buyer.PlaceOrder(ctx, fmt.Sprint("pattern-", i), checkout)
		if err != nil {
			return nil, err
		}
		if err := staff.Do(ctx, http.MethodPost, "/v1/admin/orders/"+order.ID+"/dispatch", nil, nil); err != nil {
			return nil, err
		}
		ids = append(ids, order.ID)
	}
	for _, id := range ids {
		if err := awaitDelivery(ctx, buyer, id); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// longestDelivery is more than the simulated carrier takes.
const longestDelivery = 2 * time.Minute

func awaitDelivery(ctx context.Context, buyer *shop.Client, id string) error {
	ctx, cancel := context.WithTimeout(ctx, longestDelivery)
	defer cancel()
	for {
		order, err := buyer.Order(ctx, id)
		if err != nil || order.Status == "delivered" {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("order %s is %s: %w", id, order.Status, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// source is what is known of an order that is copied.
type source struct {
	Order, Number, Customer, Tracking, Shipment, Payment string
	Placed, Confirmed                                    time.Time
}

func (l *Loader) sources(ctx context.Context, ids []string) ([]source, error) {
	var all []source
	for _, id := range ids {
		s := source{Order: id}
		err := errors.Join(
			l.databases["orders"].QueryRow(ctx, `SELECT o.number, o.customer_id, o.tracking_number, o.shipment_id, o.created_at, e.at
				FROM orders o JOIN timeline_entries e ON e.order_id = o.id AND e.event = 'confirmed' WHERE o.id = $1`, id).
				Scan(&s.Number, &s.Customer, &s.Tracking, &s.Shipment, &s.Placed, &s.Confirmed),
			l.databases["payments"].QueryRow(ctx, `SELECT id FROM payments WHERE order_id = $1`, id).Scan(&s.Payment),
		)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// book says how many copies of which orders to make, for how many accounts.
type book struct {
	sources          []source
	orders, accounts int
}

// loadOrders writes what one service keeps of the orders.
func (l *Loader) loadOrders(ctx context.Context, service string, b book) error {
	database := l.databases[service]
	if err := prepareCopies(ctx, database, b); err != nil {
		return err
	}
	tables := otherTables[service]
	for _, t := range ofOrders[service] {
		tables = append(tables, t.name)
	}
	err := withoutReferences(ctx, database, tables, func() error {
		return chunks(b.orders, ordersAtOnce, func(from, to int) error { return writeOrders(ctx, database, service, b, from, to) })
	})
	if err != nil {
		return err
	}
	if _, err := database.Exec(ctx, `DROP TABLE copies, sources`); err != nil {
		return err
	}
	return l.Settle(ctx, service)
}

// writeOrders writes what one service keeps of the orders of these numbers.
func writeOrders(ctx context.Context, database *pgx.Conn, service string, b book, from, to int) error {
	return pgx.BeginFunc(ctx, database, func(tx pgx.Tx) error {
		if err := nameCopies(ctx, tx, b, from, to); err != nil {
			return err
		}
		for _, t := range ofOrders[service] {
			if err := copyRows(ctx, tx, t); err != nil {
				return err
			}
		}
		for _, statement := range afterOrders[service] {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// prepareCopies makes the tables sources, of the orders that are copied, and copies, of what differs in each copy.
func prepareCopies(ctx context.Context, database *pgx.Conn, b book) error {
	_, err := database.Exec(ctx, `CREATE TEMPORARY TABLE sources (k int, source uuid, source_number text, source_customer text, source_tracking text,
		source_shipment uuid, source_payment uuid, placed timestamptz, confirmed timestamptz)`)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for k, s := range b.sources {
		batch.Queue(`INSERT INTO sources VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			k, s.Order, s.Number, s.Customer, s.Tracking, s.Shipment, s.Payment, s.Placed, s.Confirmed)
	}
	batch.Queue(`CREATE TEMPORARY TABLE copies (LIKE sources, n int, age interval, id uuid, number text, customer text, tracking text,
		shipment uuid, payment uuid)`)
	return database.SendBatch(ctx, batch).Close()
}

// nameCopies fills the table copies with those of these numbers. Number 1 is the newest. The ids begin with the time, as those of the
// services do.
func nameCopies(ctx context.Context, tx pgx.Tx, b book, from, to int) error {
	batch := &pgx.Batch{}
	batch.Queue(`TRUNCATE copies`)
	batch.Queue(`INSERT INTO copies
		SELECT s.*, n, age, (began || '70028000' || digits)::uuid, 'S-' || lpad(n::text, 8, '0'),
			'00000000-0000-7000-8000-' || lpad((1 + (n - 1) % $4::int)::text, 12, '0'),
			'SK' || translate(lpad(n::text, 12, '0'), '0123456789', 'ABCDEFGHIJ'),
			(began || '70038000' || digits)::uuid, (began || '70048000' || digits)::uuid
		FROM generate_series($1::int, $2::int) n
		JOIN sources s ON s.k = n % (SELECT count(*) FROM sources)
		CROSS JOIN LATERAL (SELECT n * interval '1 year' / $3::int) AS a (age)
		CROSS JOIN LATERAL (SELECT lpad(to_hex((extract(epoch FROM s.placed - age) * 1000)::bigint), 12, '0'), lpad(to_hex(n), 12, '0')) AS i (began, digits)`,
		from, to, b.orders, b.accounts)
	batch.Queue(`ANALYZE copies`)
	return tx.SendBatch(ctx, batch).Close()
}
