// What forwarding needs of the kernel: replies that another thread sends, and from where they leave.
#pragma once
#ifdef _GNU_SOURCE

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

// Where a reply that is sent later leaves from: an address of this host in host byte order.
struct clinux_leaving {
  uint64_t high, low;
  bool is_set, ipv4;
};

// Sends a datagram, where `from` is set from that address of the host. `scope` is the interface that a link-local peer of
// IPv6 is behind, 0 where that is of no consequence.
static inline ssize_t clinux_send_from(
    int socket, const void *octets, size_t count, const struct sockaddr *peer, socklen_t length, uint32_t scope,
    struct clinux_leaving from) {
  struct sockaddr_in6 scoped;
  struct iovec memory = {.iov_base = (void *)octets, .iov_len = count};
  struct msghdr message = {.msg_name = (void *)peer, .msg_namelen = length, .msg_iov = &memory, .msg_iovlen = 1};
  if (scope != 0 && peer->sa_family == AF_INET6 && length >= sizeof scoped) {
    memcpy(&scoped, peer, sizeof scoped);
    scoped.sin6_scope_id = scope;
    message.msg_name = &scoped;
    message.msg_namelen = sizeof scoped;
  }
  _Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
  if (from.is_set) {
    memset(control, 0, sizeof control);
    struct cmsghdr *item = (struct cmsghdr *)control;
    message.msg_control = control;
    if (from.ipv4) {
      struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl((uint32_t)from.low)};
      item->cmsg_level = IPPROTO_IP;
      item->cmsg_type = IP_PKTINFO;
      item->cmsg_len = CMSG_LEN(sizeof info);
      memcpy(CMSG_DATA(item), &info, sizeof info);
      message.msg_controllen = CMSG_SPACE(sizeof info);
    } else {
      struct in6_pktinfo info = {.ipi6_ifindex = 0};
      uint64_t words[2] = {htobe64(from.high), htobe64(from.low)};
      memcpy(&info.ipi6_addr, words, sizeof words);
      if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = scope;
      item->cmsg_level = IPPROTO_IPV6;
      item->cmsg_type = IPV6_PKTINFO;
      item->cmsg_len = CMSG_LEN(sizeof info);
      memcpy(CMSG_DATA(item), &info, sizeof info);
      message.msg_controllen = CMSG_SPACE(sizeof info);
    }
  }
  return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Takes a datagram of a connected socket; the whole length in the result, also of what was cut off.
static inline ssize_t clinux_receive_whole(int socket, void *octets, size_t count) {
  return recv(socket, octets, count, MSG_DONTWAIT | MSG_TRUNC);
}

// Sends from a connected socket.
static inline ssize_t clinux_send_connected(int socket, const void *octets, size_t count) {
  return send(socket, octets, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

#endif
