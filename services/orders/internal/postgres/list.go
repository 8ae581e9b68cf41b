package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"souk/services/orders/internal/order"
)

// maxPageLines is the most lines on a page, unless one order has more. With the longest titles and addresses of pictures they take most
// of the 16 MiB that callers accept.
const maxPageLines = 2000

// List implements order.Lister.
func (s *Store) List(ctx context.Context, filter order.Filter) ([]order.Order, bool, error) {
	ids, more, err := s.page(ctx, filter)
	if err != nil {
		return nil, false, fmt.Errorf("list orders: %w", err)
	}
	found, err := s.read(ctx, "WHERE id = ANY ($1) ORDER BY array_position($1, id)", ids)
	if err != nil {
		return nil, false, fmt.Errorf("list orders: %w", err)
	}
	return found, more, nil
}

// page returns the ids of the orders on a page, and whether more follow.
func (s *Store) page(ctx context.Context, filter order.Filter) (ids []string, more bool, err error) {
	where, args := condition(filter)
	args = append(args, filter.Limit+1)
	direction := "DESC"
	if filter.OldestFirst {
		direction = "ASC"
	}
	query := fmt.Sprintf("SELECT id, line_count FROM orders %s ORDER BY created_at %[2]s, id %[2]s LIMIT $%d", where, direction, len(args))
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, false, err
	}
	var id string
	var lineCount, lines int
	_, err = pgx.ForEachRow(rows, []any{&id, &lineCount}, func() error {
		lines += lineCount
		if more = more || len(ids) == filter.Limit || len(ids) > 0 && lines > maxPageLines; !more {
			ids = append(ids, id)
		}
		return nil
	})
	return ids, more, err
}

// terms are the terms of a WHERE clause, with their arguments.
type terms struct {
	all  []string
	args []any
}

// arg adds an argument and returns its placeholder.
func (t *terms) arg(value any) string {
	t.args = append(t.args, value)
	return fmt.Sprintf("$%d", len(t.args))
}

func (t *terms) add(format string, args ...any) { t.all = append(t.all, fmt.Sprintf(format, args...)) }

// condition writes a filter as a WHERE clause with its arguments.
func condition(filter order.Filter) (string, []any) {
	var t terms
	if filter.CustomerID != "" {
		t.add("customer_id = %s", t.arg(filter.CustomerID))
	}
	if filter.Status != "" {
		t.add("status = %s", t.arg(string(filter.Status)))
	}
	if filter.Text != "" {
		t.addText(filter.Text)
	}
	if !filter.From.IsZero() {
		t.add("created_at >= %s", t.arg(filter.From))
	}
	if !filter.To.IsZero() {
		t.add("created_at < %s", t.arg(filter.To))
	}
	if len(filter.Attention) > 0 {
		t.addAttention(filter.Attention)
	}
	if filter.After != nil {
		comes := "<"
		if filter.OldestFirst {
			comes = ">"
		}
		t.add("(created_at, id) %s (%s, %s)", comes, t.arg(filter.After.CreatedAt), t.arg(filter.After.ID))
	}
	if len(t.all) == 0 {
		return "", nil
	}
	return "WHERE " + strings.Join(t.all, " AND "), t.args
}

// addText adds what Filter.Text asks for. Each of the three has an index.
func (t *terms) addText(text string) {
	exact, prefix := t.arg(text), t.arg(likePrefix(strings.ToLower(text)))
	t.add(`id IN (SELECT id FROM orders WHERE number = upper(%[1]s)
    UNION SELECT order_id FROM order_lines WHERE upper(sku) = upper(%[1]s)
    UNION SELECT id FROM orders WHERE lower(shipping_address->>'name') LIKE %[2]s)`, exact, prefix)
}

// likePrefix returns the pattern of texts that begin with a text.
func likePrefix(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

// addAttention adds what Filter.Attention asks for. It says of the reasons that come with time what order.Attention says.
func (t *terms) addAttention(reasons []order.Attention) {
	lasting := slices.DeleteFunc(slices.Clone(reasons), func(r order.Attention) bool {
		return r == order.AttentionStuck || r == order.AttentionAuthorizationExpiring
	})
	var any []string
	if len(lasting) > 0 {
		any = append(any, fmt.Sprintf("(attention <> '{}' AND attention && %s::text[])", t.arg(texts(lasting))))
	}
	if slices.Contains(reasons, order.AttentionStuck) {
		any = append(any, fmt.Sprintf("(due_at IS NOT NULL AND changed_at < now() - %s::interval)", t.arg(order.StuckAfter)))
	}
	if slices.Contains(reasons, order.AttentionAuthorizationExpiring) {
		any = append(any, fmt.Sprintf("(status = 'confirmed' AND payment_status = 'authorized' AND created_at < now() - %s::interval)",
			t.arg(order.ExpiringAfter)))
	}
	t.add("(%s)", strings.Join(any, " OR "))
}
