// Forwarding: what is asked of other servers, what may be believed of their replies, and what is kept of them.
//
// Takes and gives octets; opens no socket, asks no clock, draws no random number: they are handed in.
