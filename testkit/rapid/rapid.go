// Package rapid gives tests pgregory.net/rapid, which tries properties and state machines on random input. Tests import it from here
// so that only testkit's go.mod requires it.
package rapid

import "pgregory.net/rapid"

type (
	// T is rapid's own.
	T = rapid.T
	// Generator is rapid's own.
	Generator[V any] = rapid.Generator[V]
)

// These are rapid's own.
var (
	Bool                = rapid.Bool
	Check               = rapid.Check
	Int64Range          = rapid.Int64Range
	IntRange            = rapid.IntRange
	StateMachineActions = rapid.StateMachineActions
	SyncTest            = rapid.SyncTest
)

// SampledFrom returns a generator of the elements of a slice.
func SampledFrom[S ~[]E, E any](slice S) *Generator[E] { return rapid.SampledFrom(slice) }
