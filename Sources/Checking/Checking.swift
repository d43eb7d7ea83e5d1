// Checking: whether an endpoint is well, from the results of its checks, and when to check it next.
//
// `Hysteresis` is one endpoint, `CircuitBreaker` one service, `CheckSchedule` and `DueQueue` say when, `LearntTimes` what a
// client may wait for. Pure: no socket, no clock, no randomness; times and results are handed in.
