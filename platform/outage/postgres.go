package outage

import "strings"

// Postgres reports whether a SQLSTATE means that PostgreSQL is down or overloaded, so that the same statement may succeed a
// little later. It returns false for a dropped database (57P04), because that does not come back. Source:
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func Postgres(sqlState string) bool {
	switch sqlState {
	case "53300", // too many connections
		"57P01", "57P02", "57P03", // it shuts down, has crashed, or starts
		"57P05", "25P03", // the connection was idle for too long, outside of a transaction or in one
		"57014", "55P03": // a statement took too long, or waited too long for a lock
		return true
	default:
		return strings.HasPrefix(sqlState, "08") // the connection was lost
	}
}
