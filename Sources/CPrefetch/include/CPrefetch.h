// The processor's hint that an address will be read soon: Swift has no word for it.
#ifndef AMBIT_CPREFETCH_H
#define AMBIT_CPREFETCH_H

/// Never faults and changes nothing, whatever the address.
static inline __attribute__((always_inline)) void prefetchLine(const void *address) {
  __builtin_prefetch(address, 0, 3);
}

#endif
