package pgdb_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// excused lists the files that may break a rule, with the reason.
var excused = map[string]string{
	"catalog/00002_search.sql":     older,
	"inventory/00002_returns.sql":  older,
	"orders/00002_returns.sql":     older,
	"payments/00002_refunds.sql":   older,
	"catalog/00003_tidy_names.sql": "few products have names that differ in blanks alone",
	"orders/00016_due_before.sql":  "few orders have work left at any moment",
}

const older = "older than the rules; no shop had tables of a size for which they matter"

func TestMigrationsDoNotBlockSales(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../services/*/internal/postgres/migrations/*.sql")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		service := strings.Split(filepath.ToSlash(file), "/")[3]
		if name := service + "/" + filepath.Base(file); excused[name] == "" {
			for _, problem := range offline(string(text)) {
				t.Errorf("%s: %s (see docs/adr/0013-a-database-under-load.md)", name, problem)
			}
		}
	}
	t.Logf("measured: %d migrations", len(files))
}

// A rule applies to statements on tables that the file itself did not create. Rules see statements in upper case, without
// comments, string contents and extra blanks.
type rule struct {
	forbidden *regexp.Regexp
	unless    *regexp.Regexp // in the same clause, or nil
	advice    string
}

func re(expr string) *regexp.Regexp { return regexp.MustCompile(expr) }

// Rules for whole statements. The first group matches the table.
var statementRules = []rule{
	{re(`^CREATE (?:UNIQUE )?INDEX .*?\bON (?:ONLY )?(\S+)`), re(`^CREATE (?:UNIQUE )?INDEX CONCURRENTLY IF NOT EXISTS`),
		"build the index with CREATE INDEX CONCURRENTLY IF NOT EXISTS, in a file with NO TRANSACTION"},
	{re(`^(?:UPDATE|DELETE FROM) (?:ONLY )?(\S+)`), nil, "change rows in batches from the service, because a migration holds all it has changed"},
	{re(`^LOCK (?:TABLE )?(\S+)`), nil, "do not lock a table"},
	{re(`^(?:CLUSTER|VACUUM FULL|TRUNCATE(?: TABLE)?) (\S+)`), nil, "do not rewrite a table"},
	{re(`^REINDEX (?:INDEX|TABLE) (\S+)`), nil, "REINDEX … CONCURRENTLY"},
	{re(`^DROP TABLE (?:IF EXISTS )?(\S+)`), nil, "drop a table only when no version that runs uses it, and then by hand"},
}

// Rules for a clause of ALTER TABLE.
var clauseRules = []rule{
	{re(`^ADD (?:CONSTRAINT \S+ )?(?:CHECK|FOREIGN KEY)`), re(`NOT VALID$`), "add the constraint NOT VALID, and validate it in a file with NO TRANSACTION"},
	{re(`^ADD (?:CONSTRAINT \S+ )?(?:UNIQUE|PRIMARY KEY)`), re(`USING INDEX`), "build a unique index concurrently, and add the constraint USING INDEX"},
	{re(`^ADD (?:CONSTRAINT \S+ )?EXCLUDE`), nil, "an exclusion constraint cannot be added under sales"},
	{re(addsColumn + `.*\b(?:CHECK|REFERENCES|UNIQUE|PRIMARY KEY)\b`), nil, "add the column alone, and its constraint NOT VALID"},
	{re(addsColumn + `.*\bNOT NULL\b`), re(`\bDEFAULT\b`), "a column that is NOT NULL needs a DEFAULT, because there are rows, and because the version before knows nothing of it"},
	{re(addsColumn + `.*\bDEFAULT .*(?:GEN_RANDOM_UUID|RANDOM|CLOCK_TIMESTAMP|NEXTVAL)\b`), nil, "a volatile default rewrites the table"},
	{re(addsColumn + `.*\b(?:GENERATED|SERIAL|BIGSERIAL)\b`), nil, "a generated column rewrites the table"},
	{re(`^ALTER (?:COLUMN )?\S+ SET NOT NULL`), nil, "add CHECK (… IS NOT NULL) NOT VALID, and validate it in a file with NO TRANSACTION"},
	{re(`^ALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE`), nil, "add a column of the new type instead"},
	{re(`^RENAME`), nil, "the version before knows the old name"},
}

const addsColumn = `^ADD COLUMN (?:IF NOT EXISTS )?[^ (]+ `

// The keyword COLUMN is optional.
var (
	adds           = re(`^ADD (?:COLUMN )?`)
	addsConstraint = re(`^ADD (?:CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY|EXCLUDE)\b`)
)

var (
	comments = re(`(?m)--.*$`)
	texts    = re(`(?s)\$\$.*?\$\$|'(?:[^']|'')*'`)
	blanks   = re(`\s+`)
	made     = re(`CREATE TABLE (?:IF NOT EXISTS )?([^ (]+)`)
	altered  = re(`^ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(\S+) (.*)$`)
	repeats  = re(`IF NOT EXISTS|IF EXISTS|VALIDATE CONSTRAINT|^SET |^SELECT `)
)

// offline returns the problems that a migration would cause while the shop serves requests.
func offline(text string) (problems []string) {
	up, _, _ := strings.Cut(text, "-- +goose Down")
	noTransaction := strings.Contains(up, "-- +goose NO TRANSACTION")
	sql := strings.ToUpper(blanks.ReplaceAllString(texts.ReplaceAllString(comments.ReplaceAllString(up, ""), "''"), " "))
	var tables []string
	for _, match := range made.FindAllStringSubmatch(sql, -1) {
		tables = append(tables, match[1])
	}
	var statements []string
	for statement := range strings.SplitSeq(sql, ";") {
		if statement = strings.TrimSpace(statement); statement != "" {
			statements = append(statements, statement)
		}
	}
	var changed []string // tables that the file keeps locked until its end
	for _, statement := range statements {
		if match := altered.FindStringSubmatch(statement); match != nil && !slices.Contains(append(tables, changed...), match[1]) {
			changed = append(changed, match[1])
		}
		for _, r := range statementRules {
			if match := r.forbidden.FindStringSubmatch(statement); match != nil && !slices.Contains(tables, table(match[1])) &&
				(r.unless == nil || !r.unless.MatchString(statement)) {
				problems = append(problems, r.advice)
			}
		}
		problems = append(problems, offlineAlter(statement, tables)...)
		online := strings.Contains(statement, " CONCURRENTLY ") || strings.Contains(statement, "VALIDATE CONSTRAINT")
		switch {
		case online && !noTransaction:
			problems = append(problems, "put it into a file with NO TRANSACTION, because in one it holds the locks of the statements before it: "+statement)
		case noTransaction && !repeats.MatchString(statement):
			problems = append(problems, "in a file with NO TRANSACTION a statement must be one that may be repeated: "+statement)
		}
	}
	if len(changed) > 1 && !noTransaction {
		problems = append(problems, fmt.Sprintf("alter one table in a file, because sales lock tables in another order: %v", changed))
	}
	return problems
}

func offlineAlter(statement string, tables []string) (problems []string) {
	match := altered.FindStringSubmatch(statement)
	if match == nil || slices.Contains(tables, table(match[1])) {
		return nil
	}
	for _, clause := range clauses(match[2]) {
		if !addsConstraint.MatchString(clause) {
			clause = adds.ReplaceAllString(clause, "ADD COLUMN ")
		}
		for _, r := range clauseRules {
			if r.forbidden.MatchString(clause) && (r.unless == nil || !r.unless.MatchString(clause)) {
				problems = append(problems, fmt.Sprintf("%s: %s", r.advice, clause))
			}
		}
	}
	return problems
}

// table returns the name of a table without a list of columns.
func table(name string) string {
	name, _, _ = strings.Cut(name, "(")
	return name
}

// clauses splits list at commas outside parentheses.
func clauses(list string) (parts []string) {
	depth, start := 0, 0
	for i, r := range list {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			parts = append(parts, strings.TrimSpace(list[start:i]))
			start = i + 1
		}
	}
	return append(parts, strings.TrimSpace(list[start:]))
}

func TestMigrationRules(t *testing.T) {
	t.Parallel()
	const online = "-- +goose NO TRANSACTION\n-- +goose Up\n"
	for text, want := range map[string]string{
		"CREATE INDEX i ON orders (x);":                                                        "CONCURRENTLY",
		"CREATE UNIQUE INDEX i ON orders USING gin (x);":                                       "CONCURRENTLY",
		"CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (x);":                             "NO TRANSACTION",
		online + "CREATE INDEX CONCURRENTLY i ON orders (x);":                                  "IF NOT EXISTS",
		online + "ALTER TABLE orders ADD COLUMN x text;":                                       "may be repeated",
		online + "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (x);":                    "",
		online + "ALTER TABLE orders VALIDATE CONSTRAINT c;":                                   "",
		"ALTER TABLE orders VALIDATE CONSTRAINT c;":                                            "NO TRANSACTION",
		"ALTER TABLE orders ADD CONSTRAINT c CHECK (x > 0);":                                   "NOT VALID",
		"ALTER TABLE orders ADD CONSTRAINT c CHECK (x > 0) NOT VALID;":                         "",
		"ALTER TABLE orders DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (x IN (1, 2));":          "NOT VALID",
		"ALTER TABLE orders ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES y (x);":                "NOT VALID",
		"ALTER TABLE orders ADD CONSTRAINT c UNIQUE (x);":                                      "USING INDEX",
		"ALTER TABLE orders ADD CONSTRAINT c UNIQUE USING INDEX i;":                            "",
		"ALTER TABLE orders ADD x uuid REFERENCES y (x);":                                      "alone",
		"ALTER TABLE orders ADD COLUMN x int CHECK (x > 0);":                                   "alone",
		"ALTER TABLE orders ADD COLUMN x int NOT NULL;":                                        "DEFAULT",
		"ALTER TABLE orders ADD COLUMN x int NOT NULL DEFAULT 0;":                              "",
		"ALTER TABLE orders ADD COLUMN x uuid DEFAULT gen_random_uuid();":                      "volatile",
		"ALTER TABLE orders ADD COLUMN x int GENERATED ALWAYS AS (y + 1) STORED;":              "generated",
		"ALTER TABLE orders ALTER COLUMN x SET NOT NULL;":                                      "IS NOT NULL",
		"ALTER TABLE orders ALTER x TYPE bigint;":                                              "new type",
		"ALTER TABLE orders RENAME COLUMN x TO y;":                                             "old name",
		"ALTER TABLE orders ADD x int; ALTER TABLE returns ADD x int;":                         "one table",
		"UPDATE orders SET x = 1;":                                                             "batches",
		"DELETE FROM orders WHERE x = 1;":                                                      "batches",
		"LOCK TABLE orders;":                                                                   "lock",
		"DROP TABLE orders;":                                                                   "by hand",
		"-- UPDATE orders\nSELECT 'LOCK TABLE orders; UPDATE orders';":                         "",
		"CREATE TABLE t (x int CHECK (x > 0));\nCREATE INDEX i ON t (x);\nUPDATE t SET x = 1;": "",
		"ALTER TABLE orders ADD COLUMN x int;\n-- +goose Down\nDROP TABLE orders;":             "",
	} {
		problems := offline(text)
		if want == "" && len(problems) > 0 || want != "" && (len(problems) == 0 || !strings.Contains(problems[0], want)) {
			t.Errorf("%s\n\t%q, want %q", text, problems, want)
		}
	}
}
