package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/words"
)

// stemmed is the expression for a meaning without the ending of its plural and the like, which searches ignore too.
const stemmed = `to_tsvector('words', %s)::text`

// withSynonyms returns a search with the synonyms of its words.
func (s *Store) withSynonyms(ctx context.Context, search *words.Search) (*words.Search, error) {
	rows, err := s.pool.Query(ctx, fmt.Sprintf(`SELECT asked.meaning, other.term FROM unnest($1::text[]) AS asked (meaning)
		JOIN synonyms own ON own.meaning = `+stemmed+`
		JOIN synonyms other ON other.group_number = own.group_number AND other.position <> own.position
		ORDER BY asked.meaning, other.group_number, other.position`, "asked.meaning"), search.Meanings())
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	known := map[string][]string{}
	var meaning, term string
	if _, err := pgx.ForEachRow(rows, []any{&meaning, &term}, func() error {
		known[meaning] = append(known[meaning], term)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return search.WithSynonyms(known), nil
}

// Synonyms implements catalog.Store. One statement reads the terms and their version.
func (s *Store) Synonyms(ctx context.Context) (synonyms catalog.Synonyms, err error) {
	rows, err := s.pool.Query(ctx, `SELECT v.version, s.group_number, s.term
		FROM synonyms_version v LEFT JOIN synonyms s ON true ORDER BY s.group_number, s.position`)
	if err != nil {
		return synonyms, fmt.Errorf("synonyms: %w", err)
	}
	var number *int
	var term *string
	if _, err := pgx.ForEachRow(rows, []any{&synonyms.Version, &number, &term}, func() error {
		if number == nil { // there is no term
			return nil
		}
		if *number == len(synonyms.Groups) {
			synonyms.Groups = append(synonyms.Groups, nil)
		}
		synonyms.Groups[*number] = append(synonyms.Groups[*number], *term)
		return nil
	}); err != nil {
		return synonyms, fmt.Errorf("synonyms: %w", err)
	}
	return synonyms, nil
}

// SetSynonyms implements catalog.Store.
func (s *Store) SetSynonyms(ctx context.Context, groups [][]string, version *int64) (catalog.Synonyms, error) {
	set := catalog.Synonyms{Groups: groups}
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if set.Version, err = nextVersion(ctx, tx, version); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		batch.Queue(`DELETE FROM synonyms`)
		for number, terms := range groups {
			meanings := make([]string, len(terms))
			for i, term := range terms {
				meanings[i] = words.MeaningOf(term)
			}
			batch.Queue(fmt.Sprintf(`INSERT INTO synonyms (group_number, position, term, meaning)
				SELECT $1, ordinality, term, `+stemmed+` FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (term, meaning, ordinality)`,
				"meaning"), number, terms, meanings)
		}
		if err := pgaudit.Queue(ctx, batch, audit.Entry{
			Action: audit.SynonymsSet, Kind: audit.Synonyms, Subject: "all", Detail: map[string]string{"version": strconv.FormatInt(set.Version, 10)},
		}); err != nil {
			return err
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil && !errors.Is(err, catalog.ErrVersionMismatch) {
		err = fmt.Errorf("set synonyms: %w", err)
	}
	return set, err
}

// nextVersion counts the version of the synonyms on, and keeps others from changing them until the end of the transaction.
func nextVersion(ctx context.Context, tx pgx.Tx, version *int64) (next int64, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO synonyms_version AS stored (version) SELECT 1 WHERE coalesce($1::bigint, 0) = 0 OR EXISTS (SELECT FROM synonyms_version)
		ON CONFLICT (single) DO UPDATE SET version = stored.version + 1 WHERE $1::bigint IS NULL OR stored.version = $1
		RETURNING version`, version).Scan(&next)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, catalog.ErrVersionMismatch
	}
	return next, err
}
