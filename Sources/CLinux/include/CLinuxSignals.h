// Signals as something to read.
#pragma once
#ifdef _GNU_SOURCE

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

// Those that tell the server something.
static inline sigset_t clinux_server_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGUSR1);
  return set;
}

// Blocks the server's signals in this thread, and in those it starts, and opens a descriptor to read them from.
static inline int clinux_signals(void) {
  sigset_t set = clinux_server_signals();
  int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (error != 0) {
    errno = error;
    return -1;
  }
  (void)signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

// Lets the signals do again what they do by themselves.
static inline void clinux_signals_as_usual(void) {
  sigset_t set = clinux_server_signals();
  (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

// The number of the next signal waiting, or 0.
static inline int clinux_next_signal(int descriptor) {
  struct signalfd_siginfo info;
  ssize_t size = read(descriptor, &info, sizeof info);
  return size == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

#endif
