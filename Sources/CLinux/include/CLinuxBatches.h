// Datagrams in batches: many received by one call, and many sent.
#pragma once
#ifdef _GNU_SOURCE

#include <endian.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

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

#endif
