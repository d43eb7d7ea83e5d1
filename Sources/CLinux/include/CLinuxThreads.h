// Threads: where they run, and how soon.
#pragma once
#ifdef _GNU_SOURCE

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>

// Starts a thread, on one processor where `cpu` is not negative; an error number, or 0.
static inline int clinux_thread_start(
    pthread_t *thread, const char *name, int cpu, size_t stack, void *(*body)(void *), void *context) {
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return error;
  error = pthread_attr_setstacksize(&attributes, stack);
  if (error == 0 && cpu >= 0 && cpu < CPU_SETSIZE) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    error = pthread_attr_setaffinity_np(&attributes, sizeof set, &set);
  }
  if (error == 0) error = pthread_create(thread, &attributes, body, context);
  if (error == 0) (void)pthread_setname_np(*thread, name);
  (void)pthread_attr_destroy(&attributes);
  return error;
}

// Writes the numbers of the processors this process may run on; how many, or -1.
static inline int clinux_cpus(int *numbers, int capacity) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
  int count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && count < capacity; cpu++)
    if (CPU_ISSET(cpu, &set)) numbers[count++] = cpu;
  return count;
}

// Lets this thread's waits end when they should: the kernel otherwise adds up to 50 µs to save power.
static inline void clinux_wait_exactly(void) { (void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }

// Lets this thread run as soon as it has something to do, before others' work, where this process may ask for that.
static inline bool clinux_run_at_once(void) {
  struct sched_param parameters = {.sched_priority = 1};
  return sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) == 0;
}

// Takes both back. The kernel lets everybody lower itself, but only with the flag kept.
static inline void clinux_wait_as_usual(void) {
  (void)prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);
  struct sched_param parameters = {.sched_priority = 0};
  int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  if (policy == SCHED_RR) (void)sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &parameters);
}

#endif
