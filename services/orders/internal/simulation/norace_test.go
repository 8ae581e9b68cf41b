//go:build !race

package simulation

// seeds is how many simulations run when nothing else is asked for.
const seeds = 10_000
