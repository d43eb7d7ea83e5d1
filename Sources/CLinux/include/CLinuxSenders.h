// Whose socket is it? The user behind a datagram or a connection of this host, as the kernel's socket diagnosis says.
#pragma once
#ifdef _GNU_SOURCE

#include <endian.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

static inline int clinux_diag_socket(void) {
  return socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

// A socket of this host that sent us something, by what it sent: addresses in host byte order.
struct clinux_sender {
  uint64_t client_high, client_low, server_high, server_low;
  uint16_t client_port, server_port;
  bool ipv4, stream;
};

enum { clinux_diag_none = 0, clinux_diag_found = 1, clinux_diag_failed = -1 };

static inline void clinux_diag_put(uint32_t *words, bool ipv4, uint64_t high, uint64_t low) {
  uint64_t wide[2] = {htobe64(high), htobe64(low)};
  uint32_t narrow = htonl((uint32_t)low);
  memcpy(words, ipv4 ? (void *)&narrow : (void *)wide, ipv4 ? sizeof narrow : sizeof wide);
}

// Asks for one socket, or for all of a family that are bound to the client's port.
static inline int clinux_diag_ask(
    int socket, uint32_t number, const struct clinux_sender *sender, bool all, uint8_t family) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } message = {
      .header = {.nlmsg_len = sizeof message, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_seq = number},
      .request = {
          .sdiag_family = family,
          .sdiag_protocol = sender->stream ? IPPROTO_TCP : IPPROTO_UDP,
          .idiag_states = ~0u,
          .id = {.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}}};
  message.header.nlmsg_flags = NLM_F_REQUEST | (all ? NLM_F_DUMP : 0);
  struct inet_diag_sockid *id = &message.request.id;
  id->idiag_sport = htons(sender->client_port);
  if (!all) {
    // Over TCP a socket is asked for as it sees itself; over UDP as a datagram to it would (udp_dump_one), so the other
    // way round.
    uint32_t *client = sender->stream ? id->idiag_src : id->idiag_dst;
    uint32_t *server = sender->stream ? id->idiag_dst : id->idiag_src;
    clinux_diag_put(client, sender->ipv4, sender->client_high, sender->client_low);
    clinux_diag_put(server, sender->ipv4, sender->server_high, sender->server_low);
    id->idiag_sport = htons(sender->stream ? sender->client_port : sender->server_port);
    id->idiag_dport = htons(sender->stream ? sender->server_port : sender->client_port);
  }
  return send(socket, &message, sizeof message, 0) == (ssize_t)sizeof message ? 0 : -1;
}

// True where a socket's address is the one given, which an IPv6 socket has in its mapped form, or, where that is enough,
// is any.
static inline bool clinux_diag_is(
    uint8_t family, const uint32_t *words, bool ipv4, uint64_t high, uint64_t low, bool any) {
  uint64_t wide[2] = {0, 0};
  if (family == AF_INET) {
    wide[1] = ntohl(words[0]);
    if (any && wide[1] == 0) return ipv4;
    return ipv4 && wide[1] == low;
  }
  memcpy(wide, words, sizeof wide);
  wide[0] = be64toh(wide[0]);
  wide[1] = be64toh(wide[1]);
  if (any && wide[0] == 0 && wide[1] == 0) return true;
  return ipv4 ? wide[0] == 0 && wide[1] == (0xffff00000000u | low) : wide[0] == high && wide[1] == low;
}

// True where this socket can have sent it. One that nobody has open any more (inode 0: closing, in TIME_WAIT) says user 0.
static inline bool clinux_diag_matches(const struct inet_diag_msg *found, const struct clinux_sender *sender) {
  const struct inet_diag_sockid *id = &found->id;
  if (found->idiag_inode == 0 || ntohs(id->idiag_sport) != sender->client_port) return false;
  bool is_bound = clinux_diag_is(
      found->idiag_family, id->idiag_src, sender->ipv4, sender->client_high, sender->client_low, !sender->stream);
  if (!is_bound) return false;
  if (!sender->stream && id->idiag_dport == 0) return true;  // not connected: it may send to anyone
  return ntohs(id->idiag_dport) == sender->server_port &&
         clinux_diag_is(
             found->idiag_family, id->idiag_dst, sender->ipv4, sender->server_high, sender->server_low, false);
}

// Reads what was asked for: one message, or all up to the end. The kernel has answered when `send` returns; nobody waits.
// Of one socket `user` is set; of all, it is compared with what it was, and any other is `clinux_diag_none`.
static inline int clinux_diag_read(
    int socket, uint32_t number, const struct clinux_sender *sender, bool all, uint32_t *user) {
  _Alignas(struct nlmsghdr) unsigned char memory[16384];
  int result = clinux_diag_found;
  for (int reading = 0; reading < 16; reading++) {
    ssize_t count = recv(socket, memory, sizeof memory, MSG_DONTWAIT | MSG_TRUNC);
    if (count < 0 || (size_t)count > sizeof memory) return clinux_diag_failed;
    int left = (int)count;
    for (struct nlmsghdr *header = (struct nlmsghdr *)memory; NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_seq != number || header->nlmsg_flags & NLM_F_DUMP_INTR) return clinux_diag_failed;
      if (header->nlmsg_type == NLMSG_DONE) return result;
      if (header->nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *error = NLMSG_DATA(header);
        bool is_whole = header->nlmsg_len >= NLMSG_LENGTH(sizeof *error);
        return is_whole && error->error == -ENOENT ? clinux_diag_none : clinux_diag_failed;
      }
      const struct inet_diag_msg *found = NLMSG_DATA(header);
      if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY || header->nlmsg_len < NLMSG_LENGTH(sizeof *found))
        return clinux_diag_failed;
      if (!all) {
        *user = found->idiag_uid;
        return clinux_diag_matches(found, sender) ? clinux_diag_found : clinux_diag_none;
      }
      if (ntohs(found->id.idiag_sport) == sender->client_port && found->idiag_uid != *user) result = clinux_diag_none;
    }
  }
  return clinux_diag_failed;
}

// The user whose socket it is.
static inline int clinux_socket_user(int socket, uint32_t number, const struct clinux_sender *sender, uint32_t *user) {
  if (clinux_diag_ask(socket, number, sender, false, sender->ipv4 ? AF_INET : AF_INET6) != 0) return clinux_diag_failed;
  return clinux_diag_read(socket, number, sender, false, user);
}

// Whether every socket of this host at the client's UDP port is this user's: a datagram may claim to come from any
// address of the host (IP_PKTINFO), but only from a port that its socket is bound to.
static inline int clinux_port_is_of(
    int socket, uint32_t number, const struct clinux_sender *sender, uint32_t user, uint8_t family) {
  if (clinux_diag_ask(socket, number, sender, true, family) != 0) return clinux_diag_failed;
  return clinux_diag_read(socket, number, sender, true, &user);
}

static inline int clinux_port_is_of_v4(int socket, uint32_t number, const struct clinux_sender *sender, uint32_t user) {
  return clinux_port_is_of(socket, number, sender, user, AF_INET);
}
static inline int clinux_port_is_of_v6(int socket, uint32_t number, const struct clinux_sender *sender, uint32_t user) {
  return clinux_port_is_of(socket, number, sender, user, AF_INET6);
}

#endif
