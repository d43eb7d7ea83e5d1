// Checking: whether an endpoint is well, from the results of its checks, and when to check it next.
//
// Pure: no socket, no clock, no randomness; times and results are handed in.
