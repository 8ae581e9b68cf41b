// Package simulation is responsible for the proof of the saga: it runs the real orders.Service, on several
// replicas, against every other service, a store and a network in memory, under virtual time and with faults,
// and holds the shop to its promises afterwards. A seed decides everything that happens, so that what fails once
// fails again.
//
// It is tests only. How to run one seed stands in the README of orders.
package simulation
