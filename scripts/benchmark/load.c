// Asks a DNS server on loopback as fast as one core can, or at a steady rate, and says what came back.
//
// usage: load PORT QUERIES [name=value]...     prints one JSON object
//   seconds=1      how long to ask (at most 120)
//   count=0        how many to ask; 0 is as many as the time allows
//   rate=0         queries a second at random moments (a Poisson process); 0 is as fast as answers come
//   window=128     how many may be unanswered at a time, over all sockets
//   sockets=8      UDP sockets, or TCP connections
//   sources=LIST   addresses to ask from, "127.0.0.2-127.0.0.9"; the sockets take them in turn
//   transport=udp  or tcp: each connection keeps its part of the window on the way
//   timeout=500    milliseconds after which a query without answer is lost
//   skip=0         how many lines of QUERIES to begin after
//   await=yes      no: do not wait for answers (for messages that deserve none); takes rate
//   canary=NAME    asks NAME A once a millisecond beside the rest, and tells when its answer changed
//
// A line of QUERIES is "name type", as dnsperf reads it, or ":" and the octets of a message in hexadecimal; its first two
// are the ID and are replaced. The moment from which latency counts is, at a rate, the one at which the query was due: so
// neither a stalled server nor a stalled generator hides anything.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_lanes = 256, batch = 32, largest = 65537, ring = 8192, most_sources = 256 };

// --- the messages --------------------------------------------------------------------------------------------------

static uint8_t *messages;       // all of them, one behind the other
static size_t *starts;          // where each begins; one more at the end
static size_t message_count, cursor;

static void fail(const char *what) {
  fprintf(stderr, "load: %s\n", what);
  exit(2);
}

static unsigned type_number(const char *word) {
  static const struct { const char *name; unsigned number; } known[] = {
    {"A", 1}, {"NS", 2}, {"CNAME", 5}, {"SOA", 6}, {"PTR", 12}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}, {"SRV", 33},
    {"DNAME", 39}, {"HTTPS", 65}, {"ANY", 255},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcasecmp(known[i].name, word) == 0) return known[i].number;
  if (strncasecmp(word, "TYPE", 4) == 0) return (unsigned)atoi(word + 4);
  fail("a line has a type that is not known");
  return 0;
}

// Writes a question of class IN about a name; gives the octets written, at most 300.
static size_t write_question(uint8_t *to, const char *name, unsigned type) {
  uint8_t *at = to;
  memset(at, 0, 12);
  at[2] = 1;  // RD, as stub resolvers set it
  at[5] = 1;
  at += 12;
  while (*name && strcmp(name, ".") != 0) {
    size_t length = strcspn(name, ".");
    if (length == 0 || length > 63 || at - to + length > 280) fail("a line has a name that is none");
    *at++ = (uint8_t)length;
    memcpy(at, name, length);
    at += length;
    name += length + (name[length] == '.');
  }
  uint8_t rest[5] = {0, (uint8_t)(type >> 8), (uint8_t)type, 0, 1};
  memcpy(at, rest, 5);
  return (size_t)(at + 5 - to);
}

static int digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static size_t write_octets(uint8_t *to, const char *hexadecimal) {
  size_t count = 0;
  for (; digit(hexadecimal[0]) >= 0 && digit(hexadecimal[1]) >= 0; hexadecimal += 2)
    to[count++] = (uint8_t)(digit(hexadecimal[0]) << 4 | digit(hexadecimal[1]));
  return count;
}

static void read_messages(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) fail("the file of queries cannot be opened");
  size_t room = 1 << 20, places = 1 << 16, used = 0, line_room = 0;
  messages = malloc(room);
  starts = malloc(places * sizeof *starts);
  char *line = NULL, name[1100], type[32];
  for (ssize_t length; (length = getline(&line, &line_room, file)) > 0;) {
    if (used + (size_t)length + 400 > room) messages = realloc(messages, room *= 2);
    if (message_count + 2 > places) starts = realloc(starts, (places *= 2) * sizeof *starts);
    starts[message_count] = used;
    if (line[0] == ':') used += write_octets(messages + used, line + 1);
    else if (sscanf(line, "%1099s %31s", name, type) == 2) used += write_question(messages + used, name, type_number(type));
    else continue;
    if (used - starts[message_count] < 2) fail("a message has no room for an ID");
    message_count++;
  }
  if (message_count < batch) fail("there are fewer than 32 queries");
  starts[message_count] = used;
  free(line);
  fclose(file);
}

// --- what is on the way --------------------------------------------------------------------------------------------

typedef struct { uint64_t since; uint16_t id; bool is_open; } Place;

typedef struct {
  int socket;
  Place places[ring];           // by the low bits of the ID
  uint16_t next, oldest;        // IDs go round; what is on the way is between these
  unsigned open;
  uint64_t asked;
  uint8_t *out, *in;            // TCP: octets not written yet, and those of an answer not complete yet
  size_t out_start, out_end, in_end;
} Lane;

static Lane *lanes;
static int lane_count = 8;
static unsigned window = 128, share;
static bool is_tcp, awaits = true;
static uint64_t patience = 500000000, sent, received, lost, late, foul, left_out, octets_received, answer_records, truncated;
static uint64_t rcodes[16];
static struct sockaddr_in server, sources[most_sources];
static int source_count;

static uint64_t clock_of(clockid_t which) {
  struct timespec now;
  clock_gettime(which, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Latencies in 128 steps for each doubling: a percentile is at most 0.8 % too small.
static uint64_t histogram[57][256], slowest;

static void note_latency(uint64_t nanoseconds) {
  if (nanoseconds > slowest) slowest = nanoseconds;
  int power = nanoseconds < 256 ? 0 : 56 - __builtin_clzll(nanoseconds);
  histogram[power][nanoseconds >> power]++;
}

static double percentile(double part) {
  uint64_t wanted = (uint64_t)ceil(part * (double)received), seen = 0;
  for (int power = 0; power < 57 && wanted; power++)
    for (uint64_t step = 0; step < 256; step++) {
      seen += histogram[power][step];
      if (seen >= wanted) return (double)(step << power) / 1000;
    }
  return 0;
}

static void open_lane(Lane *lane, int number) {
  int room = 4 << 20, yes = 1;
  lane->socket = socket(AF_INET, is_tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
  setsockopt(lane->socket, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (is_tcp) setsockopt(lane->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (source_count && bind(lane->socket, (struct sockaddr *)&sources[number % source_count], sizeof sources[0]) != 0)
    fail("a source address cannot be bound");
  if (connect(lane->socket, (struct sockaddr *)&server, sizeof server) != 0) fail("nobody listens there");
  if (is_tcp && !lane->out) {
    lane->out = malloc(4 << 20);
    lane->in = malloc(1 << 20);
  }
}

static bool has_room(const Lane *lane) {
  return !lane->places[lane->next % ring].is_open && (uint16_t)(lane->next - lane->oldest) < ring;
}

static uint16_t begin(Lane *lane, uint64_t since) {
  uint16_t id = lane->next++;
  if (awaits) {
    lane->places[id % ring] = (Place){since, id, true};
    lane->open++;
  } else {
    lane->oldest = lane->next;
  }
  lane->asked++;
  sent++;
  return id;
}

static void settle(Lane *lane, const uint8_t *answer, size_t length, uint64_t now) {
  if (length < 12 || !(answer[2] & 0x80)) { foul++; return; }
  uint16_t id = (uint16_t)(answer[0] << 8 | answer[1]);
  Place *place = &lane->places[id % ring];
  if (!place->is_open || place->id != id) { late++; return; }
  place->is_open = false;
  lane->open--;
  received++;
  octets_received += length;
  answer_records += (uint64_t)(answer[6] << 8 | answer[7]);
  rcodes[answer[3] & 15]++;
  truncated += (answer[2] >> 1) & 1;
  note_latency(now > place->since ? now - place->since : 0);
}

// Queries are asked in the order of their IDs, so the oldest is the first to be given up.
static void give_up(Lane *lane, uint64_t now, bool all) {
  while (lane->oldest != lane->next) {
    Place *place = &lane->places[lane->oldest % ring];
    if (place->is_open && !all && now < place->since + patience) return;
    if (place->is_open) {
      place->is_open = false;
      lane->open--;
      lost++;
    }
    lane->oldest++;
  }
}

// --- UDP -----------------------------------------------------------------------------------------------------------

static uint8_t arrived[batch][largest];
static struct iovec in_parts[batch], out_parts[batch];
static struct mmsghdr in_messages[batch], out_messages[batch];

// Sends up to `count` queries; `due` has the moments at which they were due. Gives how many went out.
static int send_datagrams(Lane *lane, int count, const uint64_t *due) {
  int ready = 0;
  size_t first = cursor;
  while (ready < count && has_room(lane)) {
    uint16_t id = begin(lane, due[ready]);
    uint8_t *message = messages + starts[cursor];
    message[0] = (uint8_t)(id >> 8);
    message[1] = (uint8_t)id;
    out_parts[ready] = (struct iovec){message, starts[cursor + 1] - starts[cursor]};
    out_messages[ready].msg_hdr.msg_iov = &out_parts[ready];
    out_messages[ready].msg_hdr.msg_iovlen = 1;
    cursor = (cursor + 1) % message_count;
    ready++;
  }
  int gone = ready ? sendmmsg(lane->socket, out_messages, (unsigned)ready, MSG_DONTWAIT) : 0;
  if (gone < 0) gone = 0;
  // What the kernel did not take was never asked.
  for (int back = ready; back > gone; back--) {
    lane->next--;
    if (awaits) {
      lane->places[lane->next % ring].is_open = false;
      lane->open--;
    } else {
      lane->oldest = lane->next;
    }
    lane->asked--;
    sent--;
  }
  if (gone < ready) cursor = (first + (size_t)gone) % message_count;
  return gone;
}

static void receive_datagrams(Lane *lane) {
  for (int got = batch; got == batch;) {
    got = recvmmsg(lane->socket, in_messages, batch, MSG_DONTWAIT, NULL);
    uint64_t now = clock_of(CLOCK_MONOTONIC);
    for (int i = 0; i < got; i++) settle(lane, arrived[i], in_messages[i].msg_len, now);
  }
}

// --- TCP -----------------------------------------------------------------------------------------------------------

static int queue_frames(Lane *lane, int count, const uint64_t *due) {
  int queued = 0;
  for (; queued < count && has_room(lane); queued++) {
    size_t length = starts[cursor + 1] - starts[cursor];
    if (lane->out_end + length + 2 > (4 << 20)) break;
    uint8_t *to = lane->out + lane->out_end;
    uint16_t id = begin(lane, due[queued]);
    to[0] = (uint8_t)(length >> 8);
    to[1] = (uint8_t)length;
    memcpy(to + 2, messages + starts[cursor], length);
    to[2] = (uint8_t)(id >> 8);
    to[3] = (uint8_t)id;
    lane->out_end += length + 2;
    cursor = (cursor + 1) % message_count;
  }
  return queued;
}

static void move_stream(Lane *lane) {
  if (lane->out_start < lane->out_end) {
    size_t rest = lane->out_end - lane->out_start;
    ssize_t written = send(lane->socket, lane->out + lane->out_start, rest, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (written < 0 && errno != EAGAIN) fail("a connection was closed");
    if (written > 0) lane->out_start += (size_t)written;
    if (lane->out_start == lane->out_end) lane->out_start = lane->out_end = 0;
  }
  ssize_t got = recv(lane->socket, lane->in + lane->in_end, (1 << 20) - lane->in_end, MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN)) fail("a connection was closed");
  if (got < 0) return;
  lane->in_end += (size_t)got;
  uint64_t now = clock_of(CLOCK_MONOTONIC);
  size_t at = 0;
  while (lane->in_end - at >= 2) {
    size_t length = (size_t)lane->in[at] << 8 | lane->in[at + 1];
    if (lane->in_end - at < length + 2) break;
    settle(lane, lane->in + at + 2, length, now);
    at += length + 2;
  }
  memmove(lane->in, lane->in + at, lane->in_end - at);
  lane->in_end -= at;
}

// --- the canary ----------------------------------------------------------------------------------------------------

static int canary = -1;
static uint8_t canary_query[300];
static size_t canary_length;
static uint64_t canary_next, canary_first, canary_changed, canary_last_old, canary_answers, canary_last, canary_gap;

static void watch_canary(uint64_t now, bool is_asking) {
  if (is_asking && now >= canary_next) {
    canary_query[1]++;
    (void)!send(canary, canary_query, canary_length, MSG_DONTWAIT);
    canary_next = now + 1000000;
  }
  static uint8_t answer[largest];
  for (ssize_t length; (length = recv(canary, answer, sizeof answer, MSG_DONTWAIT)) >= 12;) {
    uint64_t print = answer[3] & 15, wall = clock_of(CLOCK_REALTIME);
    for (ssize_t i = 12; i < length; i++) print = print * 31 + answer[i] + 1;
    if (canary_answers++ == 0) canary_first = print;
    else if (wall - canary_last > canary_gap) canary_gap = wall - canary_last;
    canary_last = wall;
    if (print == canary_first) canary_last_old = wall;
    else if (!canary_changed) canary_changed = wall;
  }
}

// --- asking --------------------------------------------------------------------------------------------------------

static uint64_t chance = 0x2545f4914f6cdd1d;

static double random_share(void) {
  chance ^= chance << 7;
  chance ^= chance >> 9;
  return ((double)(chance >> 11) + 1) / 9007199254740993.0;
}

static void add_sources(char *list) {
  char *dash = strchr(list, '-');
  if (dash) *dash = 0;
  struct in_addr from, to;
  bool is_list = inet_pton(AF_INET, list, &from) == 1 && inet_pton(AF_INET, dash ? dash + 1 : list, &to) == 1;
  if (!is_list) fail("sources takes addresses");
  for (uint32_t address = ntohl(from.s_addr); address <= ntohl(to.s_addr) && source_count < most_sources; address++) {
    if (address >> 24 != 127) fail("sources takes addresses of loopback only");
    sources[source_count].sin_family = AF_INET;
    sources[source_count++].sin_addr.s_addr = htonl(address);
  }
}

int main(int argc, char **argv) {
  double seconds = 1, rate = 0;
  uint64_t count = 0;
  size_t skip = 0;
  const char *canary_name = NULL;
  if (argc < 3) fail("usage: load PORT QUERIES [name=value]...");
  for (int i = 3; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (!value) fail("an option is written name=value");
    *value++ = 0;
    if (!strcmp(argv[i], "seconds")) seconds = fmin(atof(value), 120);
    else if (!strcmp(argv[i], "count")) count = strtoull(value, NULL, 10);
    else if (!strcmp(argv[i], "rate")) rate = atof(value);
    else if (!strcmp(argv[i], "window")) window = (unsigned)atoi(value);
    else if (!strcmp(argv[i], "sockets")) lane_count = atoi(value);
    else if (!strcmp(argv[i], "sources")) add_sources(value);
    else if (!strcmp(argv[i], "transport")) is_tcp = !strcmp(value, "tcp");
    else if (!strcmp(argv[i], "timeout")) patience = strtoull(value, NULL, 10) * 1000000;
    else if (!strcmp(argv[i], "skip")) skip = strtoull(value, NULL, 10);
    else if (!strcmp(argv[i], "await")) awaits = strcmp(value, "no") != 0;
    else if (!strcmp(argv[i], "canary")) canary_name = value;
    else fail("there is no such option");
  }
  if (lane_count < 1 || lane_count > most_lanes || window < 1 || window > 65536) fail("too many, or too few");
  if (!awaits && (rate <= 0 || is_tcp)) fail("await=no takes a rate, over UDP");
  server.sin_family = AF_INET;
  server.sin_port = htons((uint16_t)atoi(argv[1]));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  read_messages(argv[2]);
  cursor = skip % message_count;
  share = (window + (unsigned)lane_count - 1) / (unsigned)lane_count;
  if (share > ring / 2) share = ring / 2;
  lanes = calloc((size_t)lane_count, sizeof *lanes);
  for (int i = 0; i < lane_count; i++) open_lane(&lanes[i], i);
  for (int i = 0; i < batch; i++) {
    in_parts[i] = (struct iovec){arrived[i], largest};
    in_messages[i].msg_hdr.msg_iov = &in_parts[i];
    in_messages[i].msg_hdr.msg_iovlen = 1;
  }
  if (canary_name) {
    canary_length = write_question(canary_query, canary_name, 1);
    canary = socket(AF_INET, SOCK_DGRAM, 0);
    if (source_count) (void)!bind(canary, (struct sockaddr *)&sources[0], sizeof sources[0]);
    if (connect(canary, (struct sockaddr *)&server, sizeof server) != 0) fail("the canary finds nobody");
  }

  uint64_t start = clock_of(CLOCK_MONOTONIC), end = start + (uint64_t)(seconds * 1e9), next_look = start, stopped = 0;
  double next_due = (double)start;
  int turn = 0;
  for (;;) {
    uint64_t now = clock_of(CLOCK_MONOTONIC);
    if (!stopped && (now >= end || (count && sent + left_out >= count))) stopped = now;
    if (stopped && (!awaits || sent == received + lost || now > stopped + patience)) break;
    if (!stopped && rate > 0) {
      uint64_t due[batch];
      int waiting = 0;
      while (waiting < batch && next_due <= (double)now) {
        due[waiting++] = (uint64_t)next_due;
        next_due -= log(random_share()) * 1e9 / rate;
      }
      int each = (waiting + lane_count - 1) / lane_count;
      for (int done = 0; done < waiting;) {
        int some = waiting - done < each ? waiting - done : each;
        Lane *lane = &lanes[turn];
        turn = (turn + 1) % lane_count;
        int gone = is_tcp ? queue_frames(lane, some, due + done) : send_datagrams(lane, some, due + done);
        left_out += (uint64_t)(some - gone);
        done += some;
      }
    } else if (!stopped) {
      // A lane that is answered sooner (refused callers, say) waits for the slowest: all ask the same number.
      uint64_t slowest_lane = UINT64_MAX, due[batch];
      for (int i = 0; i < lane_count; i++)
        if (lanes[i].asked < slowest_lane) slowest_lane = lanes[i].asked;
      for (int i = 0; i < batch; i++) due[i] = now;
      for (int i = 0; i < lane_count; i++) {
        Lane *lane = &lanes[i];
        uint64_t ahead = slowest_lane + 4 * share - lane->asked;
        uint64_t room = share > lane->open ? share - lane->open : 0;
        if (room > ahead) room = ahead;
        if (room > batch) room = batch;
        if (count && room > count - sent) room = count - sent;
        if (room == 0) continue;
        if (is_tcp) queue_frames(lane, (int)room, due);
        else send_datagrams(lane, (int)room, due);
      }
    }
    for (int i = 0; i < lane_count; i++) {
      if (is_tcp) move_stream(&lanes[i]);
      else if (lanes[i].open || !awaits) receive_datagrams(&lanes[i]);
    }
    if (canary >= 0) watch_canary(now, !stopped);
    if (now >= next_look) {
      for (int i = 0; i < lane_count; i++) give_up(&lanes[i], now, false);
      next_look = now + 10000000;
    }
  }
  for (int i = 0; i < lane_count; i++) give_up(&lanes[i], 0, true);

  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double elapsed = (double)(stopped - start) / 1e9;
  printf("{\"sent\": %lu, \"received\": %lu, \"lost\": %lu, \"late\": %lu, \"foul\": %lu, \"left_out\": %lu", sent, received, lost,
    late, foul, left_out);
  printf(", \"seconds\": %.4f, \"qps\": %.0f", elapsed, (double)received / elapsed);
  printf(", \"p50_us\": %.3f, \"p90_us\": %.3f, \"p99_us\": %.3f, \"p999_us\": %.3f, \"max_us\": %.3f",
    percentile(.5), percentile(.9), percentile(.99), percentile(.999), (double)slowest / 1000);
  printf(", \"rcodes\": {");
  for (int i = 0, first = 1; i < 16; i++)
    if (rcodes[i]) { printf("%s\"%d\": %lu", first ? "" : ", ", i, rcodes[i]); first = 0; }
  double answers = received ? (double)received : 1;
  printf("}, \"truncated\": %lu, \"records_each\": %.3f, \"octets_each\": %.1f, \"own_cpu\": %.4f", truncated,
    (double)answer_records / answers, (double)octets_received / answers,
    (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
  if (canary >= 0)
    printf(", \"canary_answers\": %lu, \"canary_changed\": %lu, \"canary_last_old\": %lu, \"canary_gap_ms\": %.3f",
      canary_answers, canary_changed, canary_last_old, (double)canary_gap / 1e6);
  printf("}\n");
  return 0;
}
