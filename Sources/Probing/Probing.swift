// Probing: the sockets and clocks of an active measurement; what to send, and what it means, is module Measuring's.
