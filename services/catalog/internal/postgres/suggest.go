package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/words"
)

const (
	// The maximum numbers of products read for a suggestion: of those whose titles begin with the text, and of those that contain it.
	titlesRead, productsRead = 25, 50
	// The number of products that is enough if they contain words of the vocabulary with the beginning: as many as are suggested.
	enough = 8
)

// Typed implements catalog.Store.
func (s *Store) Typed(ctx context.Context, typed *words.Typed) ([]catalog.Named, error) {
	if typed.Empty() {
		return nil, nil
	}
	found, err := s.named(ctx, `SELECT p.id, p.slug, p.title FROM products p
		WHERE `+listed+` AND p.plain_title ~>=~ $1 AND p.plain_title ~<~ $2 ORDER BY p.plain_title USING ~<~, p.id LIMIT $3`,
		typed.Whole, typed.Whole+last, titlesRead)
	if err != nil {
		return nil, err
	}
	queries, err := s.queriesOf(ctx, typed)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, p := range found {
		seen[p.ID] = true
	}
	for _, query := range queries {
		more, err := s.containing(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, p := range more {
			if !seen[p.ID] {
				seen[p.ID], found = true, append(found, p)
			}
		}
		if len(more) >= enough {
			break
		}
	}
	return found, nil
}

// containing returns products that contain what was typed, the newest first. If many do, they are the newest ones of all.
func (s *Store) containing(ctx context.Context, query string) ([]catalog.Named, error) {
	sample, err := s.sample(ctx, query)
	if err != nil {
		return nil, err
	}
	since, err := s.since(ctx, sample, productsRead)
	if err != nil {
		return nil, err
	}
	const newest = ` ORDER BY p.created_at DESC, p.id DESC LIMIT $2`
	if since != nil {
		recent, err := s.named(ctx, `SELECT p.id, p.slug, p.title FROM products p
			WHERE `+listed+` AND ts_match_vq(p.words, (SELECT to_tsquery('words', $1))) AND p.created_at >= $3`+newest, query, productsRead, since)
		if err != nil || len(recent) >= productsRead/2 {
			return recent, err
		}
	}
	return s.named(ctx, `SELECT p.id, p.slug, p.title FROM found_names(to_tsquery('words', $1), $2) AS p`+newest, query, productsRead)
}

// queriesOf returns the queries for products that contain what was typed. The first is for the commonest words of the vocabulary, because these are
// of titles, brands and categories; the second one is for all words.
func (s *Store) queriesOf(ctx context.Context, typed *words.Typed) (queries []string, err error) {
	if beginning := typed.Beginning(); beginning != "" {
		known, err := s.wordsBeginning(ctx, beginning)
		if err != nil {
			return nil, err
		}
		if len(known) > 0 {
			queries = append(queries, typed.QueryOf(known[:min(len(known), wordsRead)]))
		}
	}
	return append(queries, typed.QueryOfBeginning()), nil
}

func (s *Store) named(ctx context.Context, sql string, args ...any) ([]catalog.Named, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("suggest: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[catalog.Named])
	if err != nil {
		return nil, fmt.Errorf("suggest: %w", err)
	}
	return found, nil
}
