package productfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
)

// Output shows an import to a person.
type Output interface {
	// Say shows a line about the import as a whole.
	Say(line string)
	// Problem shows an error or a warning about a row. kind says which.
	Problem(kind string, p Problem)
	// Done shows how many of all rows have been sent.
	Done(rows, all int)
}

// RowsError is returned if the import has come to its end, but rows were left out.
type RowsError struct{ Rows int }

func (e *RowsError) Error() string {
	return fmt.Sprintf("%d errors: what they name did not go in", e.Rows)
}

// Import sends a product file to a shop, and shows what became of it. If it is stopped at any time, the next call for the same file goes on
// where it was; for a file that has changed, it begins anew. It returns *RowsError if rows were left out.
func Import(ctx context.Context, path string, shop *Shop, out Output) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	t, err := read(content)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	sum := sha256.Sum256(content)
	run := &run{path: path, shop: shop, out: out, table: t, groups: t.groups()}
	run.pieces = t.pieces(run.groups)
	run.mark = mark{File: hex.EncodeToString(sum[:]), Shop: shop.URL, Pieces: len(run.pieces)}
	if err := run.resume(); err != nil {
		return err
	}
	if err := run.sendAll(ctx); err != nil {
		return fmt.Errorf("%w\n%d of %d rows were sent; run the same command again to go on", err, run.sent, len(t.rows))
	}
	return run.finish(ctx)
}

// run is an import under way.
type run struct {
	path   string
	shop   *Shop
	out    Output
	table  *table
	groups [][]row
	pieces []piece
	mark   mark
	// sent counts the rows that were sent.
	sent int
}

// resume goes on where an earlier import of the same file was stopped.
func (r *run) resume() error {
	earlier, found, err := readMark(r.path)
	switch {
	case err != nil:
		return err
	case found && earlier.sameImport(r.mark):
		r.mark = earlier
		for _, p := range r.pieces[:r.mark.Done] {
			r.sent += len(p.rows)
		}
		r.out.Say(fmt.Sprintf("going on after %d of %d rows", r.sent, len(r.table.rows)))
		return nil
	case found:
		r.out.Say("the file or the shop is not that of the import which was stopped; beginning anew")
	}
	for _, p := range r.table.errors {
		r.fail(p)
	}
	for _, p := range r.table.warnings {
		r.warn(p)
	}
	return nil
}

func (r *run) warn(p Problem) {
	r.mark.Warnings++
	r.out.Problem("warning", p)
}

func (r *run) fail(p Problem) {
	r.mark.Errors++
	r.out.Problem("error", p)
}

func (r *run) sendAll(ctx context.Context) error {
	r.out.Done(r.sent, len(r.table.rows))
	for _, p := range r.pieces[r.mark.Done:] {
		answer, err := r.shop.send(ctx, p.text())
		if err != nil {
			return err
		}
		first := r.mark.Done == 0
		r.report(p, answer, first, false)
		r.mark.Done++
		r.sent += len(p.rows)
		if err := r.mark.write(r.path); err != nil {
			return fmt.Errorf("remember how far the import is: %w", err)
		}
		r.out.Done(r.sent, len(r.table.rows))
	}
	return nil
}

// report shows what became of a piece. Damaged rows are in every piece, and are reported with the first. A SKU that another product has
// may be given up by a later piece, so its product is sent again at the end, and reported then.
func (r *run) report(p piece, answer imported, first, last bool) {
	r.mark.Created += answer.Created
	r.mark.Updated += answer.Updated
	again := map[int]bool{}
	for _, problem := range answer.Errors {
		at, known := p.row(problem.Record)
		if !last && known && problem.Handle != "" && slices.Contains(r.table.skus, problem.Column) {
			again[r.groupOf(p, at)] = true
		}
	}
	for n := range again {
		r.mark.Again = append(r.mark.Again, n)
	}
	reported := func(problem Problem) bool {
		at, known := p.row(problem.Record)
		if known && at.made && slices.Contains(r.table.damaged, at) {
			return false // the table has an error about it
		}
		return !known || !again[r.groupOf(p, at)] && (first || !slices.Contains(r.table.damaged, at))
	}
	for _, problem := range answer.Errors {
		if reported(problem) {
			r.fail(p.inFile(problem))
		}
	}
	for _, problem := range answer.Warnings {
		if reported(problem) {
			r.warn(p.inFile(problem))
		}
	}
}

// groupOf returns the number of the group of a row in a piece.
func (r *run) groupOf(p piece, wanted row) int {
	for _, n := range p.groups {
		if slices.Contains(r.groups[n], wanted) {
			return n
		}
	}
	return -1
}

// finish sends the products once more whose SKUs other products had, and removes the mark.
func (r *run) finish(ctx context.Context) error {
	if len(r.mark.Again) > 0 {
		slices.Sort(r.mark.Again)
		p := piece{table: r.table}
		for _, n := range r.mark.Again {
			p.add(n, r.groups[n])
		}
		r.out.Say(fmt.Sprintf("sending %d rows once more, whose SKUs other products had", len(p.rows)))
		answer, err := r.shop.send(ctx, p.text())
		if err != nil {
			return fmt.Errorf("%w\nrun the same command again to go on", err)
		}
		r.report(p, answer, false, true)
	}
	if err := removeMark(r.path); err != nil {
		return err
	}
	r.out.Say(fmt.Sprintf("%d rows: %d products created, %d updated; %d errors, %d warnings",
		len(r.table.rows)+len(r.table.damaged), r.mark.Created, r.mark.Updated, r.mark.Errors, r.mark.Warnings))
	if r.mark.Errors > 0 {
		return &RowsError{r.mark.Errors}
	}
	return nil
}
