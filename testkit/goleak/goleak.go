// Package goleak gives tests go.uber.org/goleak, which finds goroutines that are left over. Tests import it from here so that only
// testkit's go.mod requires it.
package goleak

import "go.uber.org/goleak"

// These are goleak's own.
var (
	Find           = goleak.Find
	VerifyTestMain = goleak.VerifyTestMain
)
