// Sockets, opened and set: of the network, and of this host.
#pragma once
#ifdef _GNU_SOURCE

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static inline int clinux_socket(int family, bool stream) {
  return socket(family, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static inline int clinux_accept(int listener, struct sockaddr *peer, socklen_t *length) {
  return accept4(listener, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// With GNU extensions glibc's address parameters are transparent unions, which Swift cannot call; these are plain.
static inline int clinux_bind(int socket, const struct sockaddr *address, socklen_t length) {
  return bind(socket, address, length);
}
static inline int clinux_connect(int socket, const struct sockaddr *address, socklen_t length) {
  return connect(socket, address, length);
}
static inline int clinux_local_address(int socket, struct sockaddr *address, socklen_t *length) {
  return getsockname(socket, address, length);
}
static inline ssize_t clinux_send_to(
    int socket, const void *octets, size_t count, const struct sockaddr *address, socklen_t length) {
  return sendto(socket, octets, count, MSG_NOSIGNAL | MSG_DONTWAIT, address, length);
}
static inline ssize_t clinux_receive_from(
    int socket, void *octets, size_t count, struct sockaddr *address, socklen_t *length) {
  return recvfrom(socket, octets, count, MSG_DONTWAIT, address, length);
}
static inline ssize_t clinux_send(int socket, const void *octets, size_t count) {
  return send(socket, octets, count, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static inline int clinux_set(int socket, int level, int option, int value) {
  return setsockopt(socket, level, option, &value, sizeof value);
}

static inline int clinux_share_port(int socket) { return clinux_set(socket, SOL_SOCKET, SO_REUSEPORT, 1); }
static inline int clinux_reuse_address(int socket) { return clinux_set(socket, SOL_SOCKET, SO_REUSEADDR, 1); }
static inline int clinux_only_ipv6(int socket) { return clinux_set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1); }
static inline int clinux_no_delay(int socket) { return clinux_set(socket, IPPROTO_TCP, TCP_NODELAY, 1); }
static inline int clinux_stamp_datagrams(int socket, bool is_on) {
    return clinux_set(socket, SOL_SOCKET, SO_TIMESTAMPNS, is_on);
}
static inline int clinux_receive_memory(int socket, int octets) {
  return clinux_set(socket, SOL_SOCKET, SO_RCVBUF, octets);
}

static inline int clinux_tell_destination(int socket, bool ipv4) {
  return ipv4 ? clinux_set(socket, IPPROTO_IP, IP_PKTINFO, 1) : clinux_set(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

// Never believe a path MTU that an ICMP message claims (a forged one invites fragments that can be forged too), and
// never set DF. Failure is of no consequence.
static inline void clinux_ignore_path_mtu(int socket, bool ipv4) {
  if (ipv4) {
    if (clinux_set(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT) != 0)
      (void)clinux_set(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
  } else {
    (void)clinux_set(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    (void)clinux_set(socket, IPPROTO_IPV6, IPV6_MTU, 1280);
  }
}

static inline int clinux_pending_error(int socket) {
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

// Datagrams that a socket dropped; 0, or -1 where the kernel does not say (before Linux 4.12).
static inline int clinux_dropped(int socket, uint32_t *count) {
  uint32_t values[SK_MEMINFO_VARS] = {0};
  socklen_t length = sizeof values;
  if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, values, &length) != 0) return -1;
  if (length <= SK_MEMINFO_DROPS * sizeof values[0]) return -1;
  *count = values[SK_MEMINFO_DROPS];
  return 0;
}

static inline int clinux_unix_socket(void) { return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); }

// Sends a datagram to a socket in the file system or, where `path` begins with a zero octet, to an abstract one.
static inline ssize_t clinux_send_to_path(
    int socket, const unsigned char *octets, size_t count, const unsigned char *path, size_t length) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (length == 0 || length > sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, path, length);
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  return sendto(socket, octets, count, MSG_NOSIGNAL, (struct sockaddr *)&address, size);
}

// A stream socket of this host, in the abstract name space: a name is there for as long as someone has it, and belongs to
// the network name space.
static inline int clinux_local_socket(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

static inline socklen_t clinux_local_name(struct sockaddr_un *address, const unsigned char *name, size_t length) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (length == 0 || length >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return 0;
  }
  memcpy(address->sun_path + 1, name, length);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}
static inline int clinux_local_bind(int socket, const unsigned char *name, size_t length) {
  struct sockaddr_un address;
  socklen_t size = clinux_local_name(&address, name, length);
  return size == 0 ? -1 : bind(socket, (struct sockaddr *)&address, size);
}
static inline int clinux_local_connect(int socket, const unsigned char *name, size_t length) {
  struct sockaddr_un address;
  socklen_t size = clinux_local_name(&address, name, length);
  return size == 0 ? -1 : connect(socket, (struct sockaddr *)&address, size);
}

// Connects to a socket in the file system.
static inline int clinux_path_connect(int socket, const unsigned char *path, size_t length) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (length == 0 || length >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, path, length);
  return connect(socket, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1));
}

// The user at the other end: of who connected, as of then; of who listens, as of when it began to. 0, or -1.
static inline int clinux_peer_user(int socket, uid_t *user) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
  *user = peer.uid;
  return 0;
}

#endif
