// Memory, and the limits of this process.
#pragma once
#ifdef _GNU_SOURCE

#include <malloc.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

// Gives free memory back to the system, where the C library can.
static inline void clinux_give_back_free_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

// Raises the limit on open descriptors as far as this process may; what it is then, or -1.
static inline long clinux_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  if (limit.rlim_cur < limit.rlim_max) {
    struct rlimit wanted = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  }
  return limit.rlim_cur > 1 << 30 ? 1 << 30 : (long)limit.rlim_cur;
}

// Whether so many octets of addresses can be had; 0, or -1.
static inline int clinux_try_address_space(size_t octets) {
  void *memory = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return -1;
  return munmap(memory, octets);
}

#endif
