// The limit that no server on sockets can pass: every datagram goes back as it came, but for the bit that makes it a
// response (QR). Batches of 32, as Ambit's own.
//
// usage: echo PORT [SECONDS]     on 127.0.0.1; ends by itself after SECONDS (an hour)

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { batch = 32, largest = 4096 };

static unsigned char octets[batch][largest];
static struct sockaddr_in senders[batch];
static struct iovec parts[batch];
static struct mmsghdr messages[batch];

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: echo PORT [SECONDS]\n");
    return 2;
  }
  alarm(argc > 2 ? (unsigned)atoi(argv[2]) : 3600);
  int socket_ = socket(AF_INET, SOCK_DGRAM, 0);
  int room = 4 << 20;
  setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket_ < 0 || bind(socket_, (struct sockaddr *)&here, sizeof here) != 0) {
    perror("echo");
    return 3;
  }
  for (int i = 0; i < batch; i++) {
    parts[i].iov_base = octets[i];
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &senders[i];
  }
  for (;;) {
    for (int i = 0; i < batch; i++) {
      parts[i].iov_len = largest;
      messages[i].msg_hdr.msg_namelen = sizeof senders[i];
    }
    int received = recvmmsg(socket_, messages, batch, MSG_WAITFORONE, NULL);
    for (int i = 0; i < received; i++) {
      parts[i].iov_len = messages[i].msg_len;
      if (messages[i].msg_len > 2) octets[i][2] |= 0x80;
    }
    int sent = 0;
    while (sent < received) {
      int some = sendmmsg(socket_, messages + sent, (unsigned)(received - sent), 0);
      sent += some > 0 ? some : 1;
    }
  }
}
