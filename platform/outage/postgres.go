package outage

import "strings"

// Postgres reports whether a SQLSTATE says that PostgreSQL is away rather than that it refuses what was asked: class 08 is a
// connection lost, 53300 too many of them, 57P01 to 57P03 the server's shutdown, crash and start, 57P05 a connection that
// was idle for too long. A database that was dropped (57P04) does not come back. Source:
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func Postgres(sqlState string) bool {
	switch sqlState {
	case "53300", "57P01", "57P02", "57P03", "57P05":
		return true
	default:
		return strings.HasPrefix(sqlState, "08")
	}
}
