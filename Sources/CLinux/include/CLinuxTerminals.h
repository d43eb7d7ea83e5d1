// Terminals.
#pragma once
#ifdef _GNU_SOURCE

#include <stdint.h>
#include <sys/ioctl.h>

// How large a terminal is, in letters; 0, or -1.
static inline int clinux_terminal_size(int descriptor, uint16_t *width, uint16_t *height) {
  struct winsize size = {0};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return -1;
  *width = size.ws_col;
  *height = size.ws_row;
  return 0;
}

#endif
