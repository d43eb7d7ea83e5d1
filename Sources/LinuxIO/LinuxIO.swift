// LinuxIO: sockets, waiting, timers, signals, threads and files as Swift types that cannot be misused.
//
// Takes addresses and octets, gives octets and `SystemError`s. It is the only module that makes system calls; it knows
// nothing of DNS, keeps no state of its own, and never logs. Descriptors are closed when the value that owns them ends.
