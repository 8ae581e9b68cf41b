// Package porcupine gives tests github.com/anishathalye/porcupine, which checks whether a history of concurrent operations is
// linearizable. Tests import it from here so that only testkit's go.mod requires it.
package porcupine

import "github.com/anishathalye/porcupine"

type (
	// Model is porcupine's own.
	Model = porcupine.Model
	// Operation is porcupine's own.
	Operation = porcupine.Operation
)

// Ok is the result of a history that is linearizable.
const Ok = porcupine.Ok

// These are porcupine's own.
var (
	CheckOperations        = porcupine.CheckOperations
	CheckOperationsTimeout = porcupine.CheckOperationsTimeout
)
