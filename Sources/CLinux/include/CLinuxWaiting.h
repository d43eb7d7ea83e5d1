// Waiting for descriptors and for times: poll, epoll, eventfd, timerfd.
#pragma once
#ifdef _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static inline void clinux_wait_writable(int socket, int milliseconds) {
  struct pollfd wanted = {.fd = socket, .events = POLLOUT};
  (void)poll(&wanted, 1, milliseconds);
}

// Waits for so many nanoseconds, or until one of the descriptors has something to read.
static inline int clinux_wait_readable(const int *descriptors, unsigned count, uint64_t nanoseconds) {
  struct pollfd wanted[8];
  if (count > 8) {
    errno = EINVAL;
    return -1;
  }
  for (unsigned i = 0; i < count; i++) wanted[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
  struct timespec time = {
      .tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)};
  return ppoll(wanted, count, &time, NULL);
}

// Waiting for a few descriptors. Memory of `struct pollfd`, which Swift need not know.
static inline long clinux_watched_size(void) { return sizeof(struct pollfd); }
static inline void clinux_watch(void *watched, long index, int descriptor) {
  ((struct pollfd *)watched)[index] = (struct pollfd){.fd = descriptor, .events = POLLIN};
}
static inline bool clinux_is_ready(const void *watched, long index) {
  return ((const struct pollfd *)watched)[index].revents != 0;
}
// Where it fails, nothing is ready.
static inline int clinux_wait_watched(void *watched, long count, int milliseconds) {
  int found = poll(watched, (nfds_t)count, milliseconds);
  if (found < 0)
    for (long index = 0; index < count; index++) ((struct pollfd *)watched)[index].revents = 0;
  return found;
}

static inline int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int clinux_epoll_control(int epoll, int operation, int descriptor, uint64_t token, bool in, bool out) {
  struct epoll_event event = {0};
  event.events = (in ? EPOLLIN | EPOLLRDHUP : 0) | (out ? EPOLLOUT : 0);
  event.data.u64 = token;
  return epoll_ctl(epoll, operation, descriptor, &event);
}

static inline int clinux_epoll_add(int epoll, int descriptor, uint64_t token, bool in, bool out) {
  return clinux_epoll_control(epoll, EPOLL_CTL_ADD, descriptor, token, in, out);
}
static inline int clinux_epoll_modify(int epoll, int descriptor, uint64_t token, bool in, bool out) {
  return clinux_epoll_control(epoll, EPOLL_CTL_MOD, descriptor, token, in, out);
}
static inline int clinux_epoll_remove(int epoll, int descriptor) {
  return clinux_epoll_control(epoll, EPOLL_CTL_DEL, descriptor, 0, false, false);
}

static inline int clinux_epoll_wait(int epoll, void *events, int capacity, int milliseconds) {
  return epoll_wait(epoll, (struct epoll_event *)events, capacity, milliseconds);
}

// The events of a wait where the kernel wrote them: epoll_event is packed on some machines, which Swift cannot index.
static inline long clinux_event_size(void) { return (long)sizeof(struct epoll_event); }
static inline uint64_t clinux_event_token(const void *events, int index) {
  return ((const struct epoll_event *)events)[index].data.u64;
}
static inline uint32_t clinux_event_kinds(const void *events, int index) {
  return ((const struct epoll_event *)events)[index].events;
}

static inline bool clinux_is_readable(uint32_t events) {
  return (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
}
static inline bool clinux_is_writable(uint32_t events) { return (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0; }
static inline bool clinux_is_broken(uint32_t events) { return (events & (EPOLLHUP | EPOLLERR)) != 0; }

static inline int clinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

static inline int clinux_timer(uint64_t first, uint64_t interval) {
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer < 0) return timer;
  struct itimerspec spec = {
      .it_value = {.tv_sec = (time_t)(first / 1000000000u), .tv_nsec = (long)(first % 1000000000u)},
      .it_interval = {.tv_sec = (time_t)(interval / 1000000000u), .tv_nsec = (long)(interval % 1000000000u)}};
  if (timerfd_settime(timer, 0, &spec, NULL) == 0) return timer;
  int error = errno;
  close(timer);
  errno = error;
  return -1;
}

#endif
