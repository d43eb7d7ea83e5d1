// Metrics: what is measured, how it is counted, and how it is told.
//
// Takes durations and events from the workers, gives counts by population, summaries with their uncertainty, JSON lines
// and a table. It has no clock, no socket and no file: times and dates are handed in. Definitions.swift states every
// metric before it is measured; DESIGN §6 is the contract.
