package model

// Plain counts how often articles were bought together, and nothing else. The model is measured against it.
var Plain = Weights{}

// Chosen are the weights that the service uses.
var Chosen = Weights{Size: 0.5, Near: 10, Popularity: 0.1}
