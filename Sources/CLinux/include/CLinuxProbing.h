// What active measurement needs of a socket: a fixed header, the kernel's stamps, and the errors that datagrams met.
#pragma once
#ifdef _GNU_SOURCE

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h>  // needs time.h before it

#include "CLinuxSockets.h"

// What RFC 8912 §6.2.2 fixes of the IP header, the flow label (which the kernel otherwise makes up) being 0; and errors are
// told with the datagram that met them (IP_RECVERR).
static inline int clinux_probe_options(int socket, bool ipv4, int hop_limit, int traffic_class) {
  if (ipv4) {
    if (clinux_set(socket, IPPROTO_IP, IP_TTL, hop_limit) != 0) return -1;
    if (clinux_set(socket, IPPROTO_IP, IP_TOS, traffic_class) != 0) return -1;
    return clinux_set(socket, IPPROTO_IP, IP_RECVERR, 1);
  }
  if (clinux_set(socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hop_limit) != 0) return -1;
  if (clinux_set(socket, IPPROTO_IPV6, IPV6_TCLASS, traffic_class) != 0) return -1;
  if (clinux_set(socket, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0) != 0) return -1;
  return clinux_set(socket, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

// Takes a datagram: into `kernel_time` goes its stamp, nanoseconds of CLOCK_REALTIME or 0. With `failed`, takes an error
// instead: the start of the datagram that met it, and in `reason` its error number.
static inline ssize_t clinux_probe_receive(
    int socket, void *octets, size_t count, struct sockaddr *peer, socklen_t *length, bool failed, uint64_t *kernel_time,
    int *reason) {
  struct iovec memory = {.iov_base = octets, .iov_len = count};
  _Alignas(struct cmsghdr) unsigned char control[512];
  struct msghdr header = {
      .msg_name = peer, .msg_namelen = *length, .msg_iov = &memory, .msg_iovlen = 1, .msg_control = control,
      .msg_controllen = sizeof control};
  ssize_t taken = recvmsg(socket, &header, MSG_DONTWAIT | (failed ? MSG_ERRQUEUE : 0));
  if (taken < 0) return taken;
  *length = header.msg_namelen;
  *kernel_time = 0;
  *reason = 0;
  for (struct cmsghdr *item = CMSG_FIRSTHDR(&header); item != NULL; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SO_TIMESTAMPNS) {
      struct timespec time;
      memcpy(&time, CMSG_DATA(item), sizeof time);
      *kernel_time = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    }
    bool is_error = (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_RECVERR) ||
                    (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_RECVERR);
    if (is_error) {
      struct sock_extended_err error;
      memcpy(&error, CMSG_DATA(item), sizeof error);
      *reason = (int)error.ee_errno;
    }
  }
  return taken;
}

#endif
