/* The load of the bench, one process and one thread (Linux, epoll): the SMTP sender that brings sales, the SMTP
   sink that takes letters, and the ISO 8583 host of cafis_adapter/profiles/cafis.toml. It can do nothing else.

   load SINK_PORT HOST_PORT listens, prints {"ready": true} and takes commands on standard input:

     hold MS       from now on the host answers after so many milliseconds; 0: at once; -1: not until told again
     send FILE FIRST COUNT PORTS CONNECTIONS RATE LETTERS LIMIT_S
                   send mails FIRST.. of FILE over kept connections to 127.0.0.1, spread over PORTS (a,b,..), RATE a
                   second (0: as fast as they are taken) and end when each was answered 250 and, if LETTERS is 1,
                   its letter was taken. Prints one line of JSON; taken_s and letters_s count from the first MAIL.

   Where a receiver offers PIPELINING, the next mail's MAIL, RCPT and DATA leave with the content of the one before
   it (RFC 2920 section 3.1), as from any sender that keeps its connections.

   FILE: length (4 bytes, big-endian) and mail, again and again; a mail is ready for the wire, with its last dot.
   A letter belongs to the sale whose Message-ID stands in its In-Reply-To; a request (0100) to the sale whose
   place in FILE, from 1, is its slip number, the end of DE48. So every sale has five times: planned, its dot, its
   250, asked and answered at the host, its letter. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SENDER "shop@carrier.example"
#define RECIPIENT "sale@pay.example"
enum { MAILS_PER_CONNECTION = 500, RECONNECT_MS = 20, EVENTS = 256, CHUNK = 65536 };

typedef enum { SINK_DOOR, HOST_DOOR, SINK, HOST, SEND, COMMANDS, TIMER } Kind;
typedef enum { CLOSED, GREETING, EHLO, IDLE, MAIL, RCPT, DATA, DOT } Step;
typedef struct { char *at; size_t len, room; } Bytes;
typedef struct {
    Kind kind;
    int fd, port, mails, pipelining, in_data, sale, behind, behind_said;
    Step step;
    double again_at;
    Bytes in, out;
} Conn;
typedef struct {
    const char *mail;
    unsigned len;
    double planned, began, dot, taken, asked, answered, letter;
    int letters, asks, taken_place, asked_place;
} Sale;
typedef struct { double at; Conn *to; int sale; Bytes body; } Reply;

static int poller, timer;
static Conn **senders;
static int senders_count;
static struct { const char *map; size_t size; char path[512]; int count; Sale *sales; int *index; unsigned mask; } file;
static struct {
    int running, first, count, rate, letters_wanted, next, taken, lettered, asked, refused, put_off, reversals, twice, strays;
    double began, ends, cpu, first_mail, last_taken, last_letter, rate_base;
    char said[128];
} run;
static double hold_ms;
static Reply *replies;
static size_t replies_head, replies_count, replies_room;
static int waiting_most;

static void die(const char *what) { perror(what); exit(2); }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu_s(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void add(Bytes *b, const void *what, size_t len) {
    if (b->len + len + 1 > b->room) {
        b->room = (b->len + len + 1) * 2;
        if (!(b->at = realloc(b->at, b->room))) die("memory");
    }
    memcpy(b->at + b->len, what, len);
    b->at[b->len += len] = 0;
}

static void drop(Bytes *b, size_t len) {
    memmove(b->at, b->at + len, b->len - len + 1);
    b->len -= len;
}

static void watch(Conn *c, unsigned what, int how) {
    struct epoll_event e = {.events = what, .data.ptr = c};
    if (epoll_ctl(poller, how, c->fd, &e)) die("epoll_ctl");
}

static void hang_up(Conn *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->in.len = c->out.len = 0;
    c->step = CLOSED;
    c->again_at = now() + RECONNECT_MS / 1e3;
}

static void flush(Conn *c) {
    while (c->out.len) {
        ssize_t n = send(c->fd, c->out.at, c->out.len, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) { watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD); return; }
        if (n < 0) { c->out.len = 0; return; } /* the reading side hears of it too */
        drop(&c->out, n);
    }
}

static void say(Conn *c, const char *words) { add(&c->out, words, strlen(words)); }

static Conn *conn(Kind kind, int fd) {
    Conn *c = calloc(1, sizeof *c);
    int one = 1;
    c->kind = kind;
    c->fd = fd;
    c->sale = c->behind = -1;
    add(&c->in, "", 0);
    add(&c->out, "", 0);
    if (kind == SINK || kind == HOST) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fd >= 0) watch(c, EPOLLIN, EPOLL_CTL_ADD);
    return c;
}

static int listen_on(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 256)) die("listen");
    return fd;
}

/* ---- the file of mails ---- */

static unsigned long long name_of(const char *hex) {
    char sixteen[17] = {0};
    memcpy(sixteen, hex, 16);
    return strtoull(sixteen, NULL, 16);
}

static const char *id_of(Sale *s) {
    const char *found = memmem(s->mail, s->len, "Message-ID: <", 13);
    return found ? found + 13 : NULL;
}

static int sale_named(unsigned long long name) {
    for (unsigned i = name & file.mask; file.index[i]; i = (i + 1) & file.mask)
        if (name_of(id_of(&file.sales[file.index[i] - 1])) == name) return file.index[i] - 1;
    return -1;
}

static void load_file(const char *path) {
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st)) die(path);
    if (!strcmp(path, file.path) && (size_t)st.st_size == file.size) { close(fd); return; }
    snprintf(file.path, sizeof file.path, "%s", path);
    file.size = st.st_size;
    file.map = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    close(fd);
    file.count = 0;
    for (size_t at = 0; at + 4 <= file.size; file.count++) {
        unsigned len = ntohl(*(const unsigned *)memcpy(&(unsigned){0}, file.map + at, 4));
        file.sales = realloc(file.sales, (file.count + 1) * sizeof *file.sales);
        file.sales[file.count] = (Sale){.mail = file.map + at + 4, .len = len};
        at += 4 + len;
    }
    for (file.mask = 1; file.mask < 4u * file.count; file.mask <<= 1) {}
    file.index = realloc(file.index, file.mask * sizeof *file.index);
    memset(file.index, 0, file.mask * sizeof *file.index);
    file.mask--;
    for (int n = 0; n < file.count; n++) {
        unsigned i = name_of(id_of(&file.sales[n])) & file.mask;
        while (file.index[i]) i = (i + 1) & file.mask;
        file.index[i] = n + 1;
    }
}

static Sale *under_way(int sale) {
    int ours = run.running && sale >= run.first && sale < run.first + run.count;
    return ours ? &file.sales[sale] : NULL;
}

/* ---- what is printed ---- */

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_spread(const char *name, double *ms, int count) {
    qsort(ms, count, sizeof *ms, by_size);
    double mid = count ? ms[count / 2] : 0, most = count ? ms[count - 1] : 0, p99 = count ? ms[(int)((count - 1) * .99)] : 0;
    printf(", \"%s_ms\": {\"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f}", name, mid, p99, most);
}

static void print_spreads(void) {
    double *ms = malloc((run.count + 1) * sizeof *ms);
    int n = 0;
    for (int i = run.first; i < run.first + run.count; i++)
        if (file.sales[i].taken) ms[n++] = (file.sales[i].taken - file.sales[i].dot) * 1e3;
    print_spread("taken", ms, n);
    n = 0;
    for (int i = run.first; i < run.first + run.count; i++) {
        Sale *s = &file.sales[i];
        if (s->letter) ms[n++] = (s->letter - s->dot - (s->answered - s->asked)) * 1e3;
    }
    print_spread("added", ms, n);
    n = 0;
    for (int i = run.first; i < run.first + run.count; i++) {
        Sale *s = &file.sales[i];
        if (s->letter) ms[n++] = (s->letter - s->planned - (s->answered - s->asked)) * 1e3;
    }
    print_spread("added_to_plan", ms, n);
    free(ms);
}

static void finish(void) {
    int late = 0;
    for (int i = run.first; i < run.first + run.count; i++) {
        int places = file.sales[i].asked_place - file.sales[i].taken_place;
        if (file.sales[i].asks && abs(places) > late) late = abs(places);
    }
    printf("{\"sales\": %d, \"taken\": %d, \"refused\": %d, \"put_off\": %d, \"asked\": %d, \"reversals\": %d, "
           "\"letters\": %d, \"twice\": %d, \"strays\": %d, \"taken_s\": %.4f, \"letters_s\": %.4f, \"wall_s\": %.4f, "
           "\"cpu_s\": %.4f, \"out_of_place\": %d, \"waiting_most\": %d",
           run.count, run.taken, run.refused, run.put_off, run.asked, run.reversals, run.lettered, run.twice, run.strays,
           run.last_taken - run.first_mail, run.last_letter - run.first_mail, now() - run.began, cpu_s() - run.cpu, late, waiting_most);
    print_spreads();
    for (char *s = run.said; *s; s++)
        if (*s == '"' || *s == '\\' || *s < ' ') *s = '?';
    printf(", \"last_no\": \"%s\"}\n", run.said);
    fflush(stdout);
    run.running = 0;
    for (int i = 0; i < senders_count; i++) {
        if (senders[i]->fd >= 0 && senders[i]->step == IDLE) { say(senders[i], "QUIT\r\n"); flush(senders[i]); }
        hang_up(senders[i]);
        free(senders[i]->in.at);
        free(senders[i]->out.at);
        free(senders[i]);
    }
    senders_count = 0;
}

static void finish_if_done(void) {
    int open = run.count - run.refused;
    if (!run.running) return;
    if ((run.taken >= open && (!run.letters_wanted || run.lettered >= open)) || now() > run.ends) finish();
}

/* ---- the sender ---- */

static void reconnect(Conn *c) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(c->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (struct sockaddr *)&a, sizeof a) && errno != EINPROGRESS) { hang_up(c); return; }
    c->step = GREETING;
    c->mails = c->pipelining = 0;
    watch(c, EPOLLIN, EPOLL_CTL_ADD);
}

static int next_sale(double at) {
    if (run.next >= run.first + run.count) return -1;
    if (run.rate && run.rate_base + (run.next - run.first) / (double)run.rate > at) return -1;
    return run.next++;
}

static int take_sale(void) {
    double at = now();
    int sale = next_sale(at);
    if (sale >= 0) file.sales[sale].planned = run.rate ? run.rate_base + (sale - run.first) / (double)run.rate : at;
    return sale;
}

static void say_route(Conn *c) {
    c->mails++;
    say(c, "MAIL FROM:<" SENDER ">\r\n");
    if (c->pipelining) say(c, "RCPT TO:<" RECIPIENT ">\r\nDATA\r\n");
}

static void move_up(Conn *c) { c->sale = c->behind; c->behind = -1; }

static void send_next(Conn *c) {
    double at = now();
    if (c->step != IDLE) return;
    if (c->sale < 0 && (c->sale = take_sale()) < 0) return;
    if (c->mails >= MAILS_PER_CONNECTION) { say(c, "QUIT\r\n"); flush(c); hang_up(c); c->again_at = at; return; }
    if (!run.first_mail) run.first_mail = at;
    c->step = MAIL;
    say_route(c);
    flush(c);
}

static void send_content(Conn *c) {
    Sale *s = &file.sales[c->sale];
    int room = c->pipelining && c->mails < MAILS_PER_CONNECTION;
    add(&c->out, s->mail, s->len);
    s->dot = now();
    if (c->behind < 0 && room) c->behind = take_sale(); /* after a lost connection it may be there already */
    if ((c->behind_said = c->behind >= 0 && room)) say_route(c);
}

static void replied(Conn *c, const char *line) {
    int code = atoi(line);
    Sale *s = c->sale >= 0 ? &file.sales[c->sale] : NULL;
    int wanted = c->step == GREETING ? 220 : c->step == DATA ? 354 : 250;
    if (code != wanted) {
        snprintf(run.said, sizeof run.said, "%s", line);
        if (s && code / 100 == 5) { run.refused++; move_up(c); } else run.put_off++;
        hang_up(c);
        return;
    }
    switch (c->step) {
    case GREETING: c->step = EHLO; say(c, "EHLO bench.example\r\n"); break;
    case EHLO: c->step = IDLE; break;
    case MAIL: c->step = RCPT; if (!c->pipelining) say(c, "RCPT TO:<" RECIPIENT ">\r\n"); break;
    case RCPT: c->step = DATA; if (!c->pipelining) say(c, "DATA\r\n"); break;
    case DATA: c->step = DOT; send_content(c); break;
    case DOT:
        s->taken = run.last_taken = now();
        s->taken_place = run.taken++;
        move_up(c);
        c->step = c->behind_said ? MAIL : IDLE;
        break;
    default: break;
    }
    flush(c);
    send_next(c);
}

static void read_sender(Conn *c) {
    char *end;
    while (c->fd >= 0 && (end = memmem(c->in.at, c->in.len, "\r\n", 2))) {
        char line[128];
        *end = 0;
        snprintf(line, sizeof line, "%.100s", c->in.at);
        drop(&c->in, end + 2 - c->in.at);
        if (c->step == EHLO && strlen(line) > 4 && !strcmp(line + 4, "PIPELINING")) c->pipelining = 1;
        if (strlen(line) > 2 && line[3] != '-') replied(c, line);
        if (!run.running) return;
    }
}

static void begin_send(char *words) {
    char path[512], ports[256];
    int connections, limit_s, count = 0, port[16];
    memset(&run, 0, sizeof run);
    if (sscanf(words, "%511s %d %d %255s %d %d %d %d", path, &run.first, &run.count, ports, &connections, &run.rate,
               &run.letters_wanted, &limit_s) != 8) die("command");
    load_file(path);
    if (run.first + run.count > file.count) { errno = ERANGE; die("too few mails"); }
    for (char *p = strtok(ports, ","); p && count < 16; p = strtok(NULL, ",")) port[count++] = atoi(p);
    for (int i = run.first; i < run.first + run.count; i++) {
        Sale *s = &file.sales[i];
        *s = (Sale){.mail = s->mail, .len = s->len};
    }
    run.next = run.first;
    run.running = 1;
    run.began = run.rate_base = now();
    run.ends = run.began + limit_s;
    run.cpu = cpu_s();
    waiting_most = replies_count;
    senders = realloc(senders, connections * sizeof *senders);
    for (senders_count = 0; senders_count < connections; senders_count++) {
        senders[senders_count] = conn(SEND, -1);
        senders[senders_count]->port = port[senders_count % count];
    }
}

/* ---- the sink ---- */

static void letter_came(Conn *c, size_t len) {
    const char *found = memmem(c->in.at, len, "In-Reply-To: <", 14);
    int known = file.count && found && found + 30 < c->in.at + len;
    Sale *s = under_way(known ? sale_named(name_of(found + 14)) : -1);
    if (!s) { run.strays++; return; }
    if (s->letters++) { run.twice++; return; }
    s->letter = run.last_letter = now();
    run.lettered++;
}

static void read_sink(Conn *c) {
    for (;;) {
        const char *mark = c->in_data ? "\r\n.\r\n" : "\r\n";
        char *end = memmem(c->in.at, c->in.len, mark, strlen(mark));
        if (!end) break;
        if (c->in_data) letter_came(c, end - c->in.at), say(c, "250 2.0.0 OK\r\n"), c->in_data = 0;
        else if (!strncasecmp(c->in.at, "EHLO", 4)) say(c, "250-sink.example\r\n250-PIPELINING\r\n250-SIZE 1048576\r\n250 8BITMIME\r\n");
        else if (!strncasecmp(c->in.at, "DATA", 4)) say(c, "354 go on\r\n"), c->in_data = 1;
        else if (!strncasecmp(c->in.at, "QUIT", 4)) say(c, "221 2.0.0 bye\r\n");
        else say(c, "250 2.0.0 OK\r\n");
        drop(&c->in, end + strlen(mark) - c->in.at);
    }
    flush(c);
}

/* ---- the host ---- */

typedef struct { const char *at; int len; } Field;

/* Length of each element of the profile: n > 0 fixed, -2 and -3 that many digits of length in front. */
static const signed char LENGTHS[129] = {
    [2] = -2, [3] = 6, [4] = 12, [5] = 12, [7] = 10, [11] = 6, [12] = 6, [13] = 4, [14] = 4, [15] = 4, [18] = 4, [22] = 3,
    [23] = 3, [25] = 2, [32] = -2, [33] = -2, [35] = -2, [37] = 12, [38] = 6, [39] = 2, [41] = 13, [42] = 15, [43] = 40,
    [44] = -2, [45] = -2, [48] = -3, [49] = 3, [52] = -2, [54] = -3, [55] = -3, [60] = -3, [61] = -3, [62] = -3, [63] = -3,
    [64] = 8, [70] = 3, [90] = 42, [95] = 42, [128] = 8};

static void parse(const char *body, int len, Field *fields) {
    const unsigned char *map = (const unsigned char *)body + 4;
    int at = 4 + (map[0] & 0x80 ? 16 : 8);
    for (int n = 2; n <= (map[0] & 0x80 ? 128 : 64); n++) {
        if (!(map[(n - 1) / 8] & (0x80 >> (n - 1) % 8))) continue;
        int digits = LENGTHS[n] < 0 ? -LENGTHS[n] : 0, size = LENGTHS[n];
        if (!LENGTHS[n] || at + digits > len) { errno = EBADMSG; die("an element the bench does not know"); }
        if (digits) { char number[4] = {0}; memcpy(number, body + at, digits); size = atoi(number); at += digits; }
        fields[n] = (Field){body + at, size};
        at += size;
    }
}

static Bytes answer(const char *mti, const Field *asked) {
    static const int KEPT[] = {3, 4, 7, 11, 12, 13, 37, 38, 39, 41, 42, 49, 70};
    unsigned char map[16] = {0x80};
    Bytes frame = {0};
    add(&frame, "\0\0", 2);
    add(&frame, mti, 4);
    add(&frame, map, 16);
    for (unsigned i = 0; i < sizeof KEPT / sizeof *KEPT; i++) {
        int n = KEPT[i];
        Field f = asked[n];
        if (n == 39) f = (Field){"00", 2};
        if (n == 38 && !strcmp(mti, "0110")) f = asked[11]; /* six digits, another for each sale */
        if (!f.at || (n == 38 && strcmp(mti, "0110"))) continue;
        add(&frame, f.at, f.len);
        frame.at[6 + (n - 1) / 8] |= 0x80 >> (n - 1) % 8;
    }
    frame.at[0] = (frame.len - 2) >> 8;
    frame.at[1] = (frame.len - 2) & 255;
    return frame;
}

static int sale_asked(const Field *fields) {
    char slip[6] = {0};
    if (fields[48].len < 6) return -1;
    memcpy(slip, fields[48].at + 5, fields[48].len - 5 < 5 ? fields[48].len - 5 : 5);
    return atoi(slip) - 1;
}

static void answer_now(Reply *r) {
    Sale *s = under_way(r->sale);
    if (s) s->answered = now();
    add(&r->to->out, r->body.at, r->body.len);
    free(r->body.at);
}

static void answer_later(Reply r) {
    if (replies_count == replies_room) {
        Reply *more = malloc((replies_room * 2 + 64) * sizeof *more);
        for (size_t i = 0; i < replies_count; i++) more[i] = replies[(replies_head + i) % replies_room];
        free(replies);
        replies = more;
        replies_head = 0;
        replies_room = replies_room * 2 + 64;
    }
    replies[(replies_head + replies_count++) % replies_room] = r;
    if ((int)replies_count > waiting_most) waiting_most = replies_count;
}

static void host_asked(Conn *c, const char *body, int len) {
    Field fields[129] = {{0}};
    parse(body, len, fields);
    int sale = memcmp(body, "0100", 4) ? -1 : sale_asked(fields);
    Sale *s = under_way(sale);
    Reply r = {.at = now() + hold_ms / 1e3, .to = c, .sale = sale};
    if (s && !s->asks++) { s->asked = now(); s->asked_place = run.asked++; }
    if (!memcmp(body, "042", 3)) run.reversals++;
    r.body = answer(!memcmp(body, "0100", 4) ? "0110" : !memcmp(body, "0800", 4) ? "0810" : "0430", fields);
    if (sale < 0 || hold_ms == 0) answer_now(&r); else answer_later(r);
}

static void read_host(Conn *c) {
    size_t at = 0;
    while (c->in.len - at >= 2) {
        size_t len = (unsigned char)c->in.at[at] << 8 | (unsigned char)c->in.at[at + 1];
        if (c->in.len - at < 2 + len) break;
        host_asked(c, c->in.at + at + 2, len);
        at += 2 + len;
    }
    drop(&c->in, at);
    flush(c);
}

static void answer_due(double at) {
    while (replies_count && hold_ms >= 0 && replies[replies_head].at <= at) {
        Reply *r = &replies[replies_head];
        replies_head = (replies_head + 1) % replies_room;
        replies_count--;
        answer_now(r);
        flush(r->to);
    }
}

static void hold(double ms) {
    double at = now();
    hold_ms = ms;
    for (size_t i = 0; i < replies_count; i++) replies[(replies_head + i) % replies_room].at = at;
    printf("{\"held\": %zu}\n", replies_count);
    fflush(stdout);
}

/* ---- the loop ---- */

static void read_commands(Conn *c) {
    char *end;
    while ((end = memchr(c->in.at, '\n', c->in.len))) {
        *end = 0;
        if (!strncmp(c->in.at, "hold ", 5)) hold(atof(c->in.at + 5));
        else if (!strncmp(c->in.at, "send ", 5)) begin_send(c->in.at + 5);
        else { errno = EINVAL; die("command"); }
        drop(&c->in, end + 1 - c->in.at);
    }
}

static void readable(Conn *c) {
    static char chunk[CHUNK];
    ssize_t n = read(c->fd, chunk, sizeof chunk);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        if (c->kind == COMMANDS) exit(0);
        if (c->kind == SEND && run.running) run.put_off += c->step > IDLE;
        hang_up(c);
        return;
    }
    add(&c->in, chunk, n);
    if (c->kind == SEND) read_sender(c);
    else if (c->kind == SINK) read_sink(c);
    else if (c->kind == HOST) read_host(c);
    else read_commands(c);
}

static void happened(Conn *c, unsigned what) {
    unsigned long long ticks;
    if (c->kind == TIMER) { if (read(c->fd, &ticks, sizeof ticks) < 0) return; }
    else if (c->kind == SINK_DOOR || c->kind == HOST_DOOR) {
        int fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0) return;
        Conn *came = conn(c->kind == SINK_DOOR ? SINK : HOST, fd);
        if (came->kind == SINK) { say(came, "220 sink.example ESMTP\r\n"); flush(came); }
    } else {
        if (what & EPOLLOUT) { watch(c, EPOLLIN, EPOLL_CTL_MOD); flush(c); }
        if (what & ~EPOLLOUT) readable(c);
    }
}

static void sooner(double *next, double at) { if (at < *next) *next = at; }

static void act_on_time(void) {
    double at = now(), next = at + 1;
    answer_due(at);
    for (int i = 0; run.running && i < senders_count; i++) {
        Conn *c = senders[i];
        if (c->step == CLOSED && c->again_at <= at) reconnect(c);
        if (c->step == CLOSED) sooner(&next, c->again_at);
        send_next(c);
    }
    if (replies_count && hold_ms >= 0) sooner(&next, replies[replies_head].at);
    double planned = run.rate_base + (run.next - run.first) / (double)(run.rate ? run.rate : 1);
    if (run.running && run.rate && run.next < run.first + run.count && planned > at) sooner(&next, planned);
    double wait = next - at > 1e-5 ? next - at : 1e-5;
    struct itimerspec t = {.it_value = {(time_t)wait, (long)((wait - (time_t)wait) * 1e9)}};
    timerfd_settime(timer, 0, &t, NULL);
}

int main(int argc, char **argv) {
    struct epoll_event events[EVENTS];
    if (argc != 3) { fprintf(stderr, "load SINK_PORT HOST_PORT\n"); return 2; }
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    conn(TIMER, timer);
    conn(COMMANDS, 0);
    conn(SINK_DOOR, listen_on(atoi(argv[1])));
    conn(HOST_DOOR, listen_on(atoi(argv[2])));
    printf("{\"ready\": true}\n");
    fflush(stdout);
    for (;;) {
        act_on_time();
        int n = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < n; i++) happened(events[i].data.ptr, events[i].events);
        finish_if_done();
    }
}
