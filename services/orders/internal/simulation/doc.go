// Package simulation is responsible for testing the saga under faults. It runs the real orders.Service on several replicas, against the
// other services, a store and a network in memory, under virtual time. Calls and processes fail in many ways. Afterwards the simulation
// checks that everybody agrees and that everything anybody was told is true. A seed decides all that happens, so that a run that failed
// can be repeated.
//
// It is tests only. The README of orders says how to run one seed.
package simulation
