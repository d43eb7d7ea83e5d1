// The Linux calls that Swift's Glibc module does not show, and the macros it cannot import.
//
// Header only, every function `static inline`. `_GNU_SOURCE` comes from the build (cSettings) of the targets that call
// these; a module that only sits above LinuxIO is compiled without it and sees an empty header.
#pragma once
#include "CLinuxForwarding.h"
#include "CLinuxProcesses.h"

#ifdef _GNU_SOURCE

#include <endian.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h>  // needs time.h before it

// --- Sockets -------------------------------------------------------------------------------------------------------

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

// --- A batch of datagrams ------------------------------------------------------------------------------------------

// Ancillary data of one datagram: a timestamp and where it was sent to need 72 octets, a reply's source 40.
enum { clinux_control_size = 128, clinux_reply_control_size = 64 };

// What the usual datagram touches is the first two cache lines.
struct clinux_slot {
  _Alignas(64) union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } peer;
  struct iovec request;
  struct iovec response;
  _Alignas(64) unsigned char received[clinux_control_size];
  _Alignas(64) unsigned char sent[clinux_reply_control_size];
};

struct clinux_batch {
  unsigned capacity;
  unsigned used;      // slots that the last receive filled, and that must be reset before the next
  unsigned outgoing;  // responses queued
  struct mmsghdr *in;
  struct mmsghdr *out;
  struct clinux_slot *slots;
};

// What is known of one received datagram; addresses and port in host byte order.
struct clinux_arrival {
  uint64_t high, low;
  uint64_t kernel_time;  // nanoseconds of CLOCK_REALTIME, 0 where the kernel gave none
  uint32_t length;
  uint16_t port;
  bool ipv4;
  bool truncated;
};

static inline void clinux_batch_free(struct clinux_batch *batch) {
  if (batch == NULL) return;
  free(batch->in);
  free(batch->out);
  free(batch->slots);
  free(batch);
}

// What the kernel reads of a header and has changed; the flags it only writes.
static inline void clinux_batch_reset(struct clinux_batch *batch, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    struct msghdr *header = &batch->in[i].msg_hdr;
    header->msg_namelen = sizeof batch->slots->peer;
    header->msg_controllen = clinux_control_size;
  }
}

// `requests` is memory for `capacity` datagrams of `size` octets each, `stride` octets apart; NULL where memory is short.
static inline struct clinux_batch *clinux_batch_make(unsigned capacity, void *requests, size_t size, size_t stride) {
  struct clinux_batch *batch = calloc(1, sizeof *batch);
  if (batch == NULL) return NULL;
  batch->capacity = capacity;
  batch->in = aligned_alloc(64, capacity * sizeof *batch->in);
  batch->out = aligned_alloc(64, capacity * sizeof *batch->out);
  batch->slots = aligned_alloc(64, capacity * sizeof *batch->slots);
  if (batch->in == NULL || batch->out == NULL || batch->slots == NULL) {
    clinux_batch_free(batch);
    return NULL;
  }
  memset(batch->in, 0, capacity * sizeof *batch->in);
  memset(batch->out, 0, capacity * sizeof *batch->out);
  memset(batch->slots, 0, capacity * sizeof *batch->slots);
  for (unsigned i = 0; i < capacity; i++) {
    struct clinux_slot *slot = &batch->slots[i];
    struct msghdr *header = &batch->in[i].msg_hdr;
    slot->request.iov_base = (char *)requests + i * stride;
    slot->request.iov_len = size;
    header->msg_name = &slot->peer;
    header->msg_iov = &slot->request;
    header->msg_iovlen = 1;
    header->msg_control = slot->received;
    batch->out[i].msg_hdr.msg_iovlen = 1;
  }
  clinux_batch_reset(batch, capacity);
  return batch;
}

// Where the response to the datagram in slot `index` will be.
static inline void clinux_batch_answer_from(struct clinux_batch *batch, unsigned index, void *octets) {
  batch->slots[index].response.iov_base = octets;
}

static inline int clinux_batch_receive(int socket, struct clinux_batch *batch) {
  clinux_batch_reset(batch, batch->used);
  int count = recvmmsg(socket, batch->in, batch->capacity, MSG_DONTWAIT, NULL);
  batch->used = count > 0 ? (unsigned)count : 0;
  batch->outgoing = 0;
  return count;
}

static inline uint64_t clinux_u64(const unsigned char *octets) {
  uint64_t value;
  memcpy(&value, octets, sizeof value);
  return be64toh(value);
}

// The kernel's stamp, which comes first wherever there is one; 0 where there is none.
__attribute__((always_inline)) static inline uint64_t clinux_stamp(const struct msghdr *header) {
  const struct cmsghdr *item = (const struct cmsghdr *)header->msg_control;
  struct timespec time;
  if (header->msg_controllen < CMSG_LEN(sizeof time)) return 0;
  if (item->cmsg_type != SO_TIMESTAMPNS || item->cmsg_level != SOL_SOCKET) return 0;
  memcpy(&time, CMSG_DATA(item), sizeof time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

__attribute__((always_inline)) static inline struct clinux_arrival clinux_batch_arrival(
    const struct clinux_batch *batch, unsigned index) {
  const struct mmsghdr *message = &batch->in[index];
  const struct clinux_slot *slot = &batch->slots[index];
  struct clinux_arrival arrival;
  arrival.length = message->msg_len;
  arrival.truncated = (message->msg_hdr.msg_flags & MSG_TRUNC) != 0;
  arrival.ipv4 = slot->peer.any.sa_family == AF_INET;
  arrival.port = ntohs(slot->peer.v4.sin_port);  // at the same place in both
  if (arrival.ipv4) {
    arrival.high = 0;
    arrival.low = ntohl(slot->peer.v4.sin_addr.s_addr);
  } else {
    arrival.high = clinux_u64(slot->peer.v6.sin6_addr.s6_addr);
    arrival.low = clinux_u64(slot->peer.v6.sin6_addr.s6_addr + 8);
  }
  arrival.kernel_time = clinux_stamp(&message->msg_hdr);
  return arrival;
}

// The address that the datagram in slot `index` was sent to, in host byte order; false where the socket does not ask.
static inline bool clinux_batch_destination(
    struct clinux_batch *batch, unsigned index, bool *ipv4, uint64_t *high, uint64_t *low) {
  struct msghdr *header = &batch->in[index].msg_hdr;
  for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item != NULL; item = CMSG_NXTHDR(header, item)) {
    if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(item), sizeof info);
      *ipv4 = true;
      *high = 0;
      *low = ntohl(info.ipi_addr.s_addr);
      return true;
    }
    if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, CMSG_DATA(item), sizeof info);
      *ipv4 = false;
      *high = clinux_u64(info.ipi6_addr.s6_addr);
      *low = clinux_u64(info.ipi6_addr.s6_addr + 8);
      return true;
    }
  }
  return false;
}

// The interface that the sender of the datagram in slot `index` is behind, where its address means nothing without it.
static inline uint32_t clinux_batch_scope(struct clinux_batch *batch, unsigned index) {
  const struct clinux_slot *slot = &batch->slots[index];
  return slot->peer.any.sa_family == AF_INET6 ? slot->peer.v6.sin6_scope_id : 0;
}

// Writes the source address of a reply: the local address that the datagram in `slot` was sent to. The interface is
// named only where the address means nothing without it (link-local), so that routing stays free to choose.
static inline void clinux_reply_from(struct msghdr *received, struct msghdr *reply, unsigned char *memory) {
  for (struct cmsghdr *item = CMSG_FIRSTHDR(received); item != NULL; item = CMSG_NXTHDR(received, item)) {
    bool v4 = item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO;
    bool v6 = item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO;
    if (!v4 && !v6) continue;
    size_t size = v4 ? sizeof(struct in_pktinfo) : sizeof(struct in6_pktinfo);
    struct cmsghdr *from = (struct cmsghdr *)memory;
    from->cmsg_level = item->cmsg_level;
    from->cmsg_type = item->cmsg_type;
    from->cmsg_len = CMSG_LEN(size);
    if (v4) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(item), sizeof info);
      info.ipi_ifindex = 0;  // ipi_spec_dst is the local address, even where a broadcast was asked
      info.ipi_addr.s_addr = 0;
      memcpy(CMSG_DATA(from), &info, sizeof info);
    } else {
      struct in6_pktinfo info;
      memcpy(&info, CMSG_DATA(item), sizeof info);
      if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) return;
      if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
      memcpy(CMSG_DATA(from), &info, sizeof info);
    }
    reply->msg_control = memory;
    reply->msg_controllen = CMSG_SPACE(size);
    return;
  }
}

// Queues the reply to the datagram in slot `index`.
__attribute__((always_inline)) static inline void clinux_batch_reply(
    struct clinux_batch *batch, unsigned index, size_t length, bool from_asked_address) {
  struct clinux_slot *slot = &batch->slots[index];
  struct msghdr *reply = &batch->out[batch->outgoing++].msg_hdr;
  slot->response.iov_len = length;
  reply->msg_name = &slot->peer;
  reply->msg_namelen = batch->in[index].msg_hdr.msg_namelen;
  reply->msg_iov = &slot->response;
  reply->msg_controllen = 0;
  if (from_asked_address) clinux_reply_from(&batch->in[index].msg_hdr, reply, slot->sent);
}

// Sends queued replies from number `first` on; how many were taken, or -1 where that first one was not.
static inline int clinux_batch_send(int socket, struct clinux_batch *batch, unsigned first) {
  return sendmmsg(socket, batch->out + first, batch->outgoing - first, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static inline void clinux_wait_writable(int socket, int milliseconds) {
  struct pollfd wanted = {.fd = socket, .events = POLLOUT};
  (void)poll(&wanted, 1, milliseconds);
}

// --- Active measurement ------------------------------------------------------------------------------------------------

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

// --- Whose socket is it? --------------------------------------------------------------------------------------------

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

// --- Waiting for a few descriptors: poll. Memory of `struct pollfd`, which Swift need not know ------------------------

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

// --- Waiting: epoll, eventfd, timerfd, signalfd ----------------------------------------------------------------------

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

// Blocks the server's signals in this thread, and in those it starts, and opens a descriptor to read them from.
static inline int clinux_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGUSR1);
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
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGUSR1);
  (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

// The number of the next signal waiting, or 0.
static inline int clinux_next_signal(int descriptor) {
  struct signalfd_siginfo info;
  ssize_t size = read(descriptor, &info, sizeof info);
  return size == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

// --- Threads ---------------------------------------------------------------------------------------------------------

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

// --- Terminals -------------------------------------------------------------------------------------------------------

// How large a terminal is, in letters; 0, or -1.
static inline int clinux_terminal_size(int descriptor, uint16_t *width, uint16_t *height) {
  struct winsize size = {0};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return -1;
  *width = size.ws_col;
  *height = size.ws_row;
  return 0;
}

// --- Memory ----------------------------------------------------------------------------------------------------------

// Gives free memory back to the system, where the C library can.
static inline void clinux_give_back_free_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

// --- Limits ----------------------------------------------------------------------------------------------------------

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

// --- Users -----------------------------------------------------------------------------------------------------------

// The IDs of a user: 0; ENOENT where there is none of that name; or another error number.
static inline int clinux_find_user(const char *name, uid_t *user, gid_t *group) {
  for (size_t size = 1024; size <= 1 << 20; size *= 4) {
    char *memory = malloc(size);
    if (memory == NULL) return ENOMEM;
    struct passwd entry, *found = NULL;
    int error = getpwnam_r(name, &entry, memory, size, &found);
    if (found != NULL) {
      *user = entry.pw_uid;
      *group = entry.pw_gid;
    }
    free(memory);
    if (found != NULL) return 0;
    if (error != ERANGE) return error == 0 || error == ESRCH ? ENOENT : error;
  }
  return ERANGE;
}

// Likewise of a group.
static inline int clinux_find_group(const char *name, gid_t *group) {
  for (size_t size = 1024; size <= 1 << 20; size *= 4) {
    char *memory = malloc(size);
    if (memory == NULL) return ENOMEM;
    struct group entry, *found = NULL;
    int error = getgrnam_r(name, &entry, memory, size, &found);
    if (found != NULL) *group = entry.gr_gid;
    free(memory);
    if (found != NULL) return 0;
    if (error != ERANGE) return error == 0 || error == ESRCH ? ENOENT : error;
  }
  return ERANGE;
}

// Takes a user's groups and IDs, in all threads. `name` is NULL for an ID without an entry, which is in one group only.
static inline int clinux_become(const char *name, uid_t user, gid_t group) {
  if ((name != NULL ? initgroups(name, group) : setgroups(1, &group)) != 0) return -1;
  if (setresgid(group, group, group) != 0) return -1;
  return setresuid(user, user, user);
}

// True where this process can make itself root (again).
static inline bool clinux_can_become_root(void) {
  return setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || setresgid((gid_t)-1, 0, (gid_t)-1) == 0;
}

// Gives up all capabilities of this thread and of those it will start, and the way to new ones: no program that it might
// start gets more than it has.
static inline int clinux_give_up_privileges(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
  (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (syscall(SYS_capset, &header, none) != 0) return -1;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

#endif

#include "CLinuxNamespaces.h"
