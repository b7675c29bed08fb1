#include "souk_socket_gate.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "souk_key.h"
#include "souk_socket_parts.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_VERSION "1.0"
#define KEY_BYTES 32
#define FIELD_BYTES_MAX 256
#define TEST_MS 5000                    /* a handshake takes less than ten */
#define TEST_EVENTS (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL \
    | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

/* The frames of a request: RFC 27. */
enum { FIELD_VERSION, FIELD_REQUEST, FIELD_DOMAIN, FIELD_ADDRESS, FIELD_IDENTITY, FIELD_MECHANISM, FIELD_KEY, FIELDS };

struct field {
    size_t size_bytes;
    char bytes[FIELD_BYTES_MAX];
};

struct souk_socket_gate {
    void *context;                      /* borrowed */
    void *socket;                       /* its thread's */
    int stop_fd;
    pthread_t thread;
    bool started;
    atomic_bool stops, gone;
    _Atomic uint64_t refused;
    pthread_mutex_t mutex;
    struct souk_access *access;         /* under it; NULL: nobody */
    char guest[SOUK_KEY_TEXT_BYTES];    /* under it: the test's, while it is let in */
};

static void *ask_for_ever(void *arg);
static int receive(void *socket, struct field fields[FIELDS]);
static bool is(const struct field *field, const char *text);
static bool judge(struct souk_socket_gate *gate, const struct field fields[FIELDS], char key_out[SOUK_KEY_TEXT_BYTES]);
static int answer(void *socket, const struct field *request, const char *key, bool lets_in);
static int try(void *context, const char *domain, const char *server_secret, const char *server_public,
    const char *secret, const char *public_text, int *event_out);
static void set_guest(struct souk_socket_gate *gate, const char *key);

int
souk_socket_gate_open(void *context, struct souk_socket_gate **gate_out, struct souk_error *err)
{
    struct souk_socket_gate *gate = calloc(1, sizeof *gate);
    int rc = 0;

    if (gate == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory for the gate");
    gate->context = context;
    (void)pthread_mutex_init(&gate->mutex, NULL);
    if ((gate->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0
        || (gate->socket = zmq_socket(context, ZMQ_REP)) == NULL
        || souk_socket_set_int(gate->socket, ZMQ_LINGER, 0) != 0 || zmq_bind(gate->socket, ZAP_ENDPOINT) != 0)
        rc = souk_fail(err, SOUK_EIO, "the gate cannot be opened: %s", zmq_strerror(errno));
    else if ((rc = pthread_create(&gate->thread, NULL, ask_for_ever, gate)) != 0)
        rc = souk_fail(err, SOUK_ENOMEM, "no thread for the gate: %s", strerror(rc));
    gate->started = rc == 0;
    if (rc != 0) {
        souk_socket_gate_close(&gate);
        return rc;
    }
    *gate_out = gate;
    return 0;
}

void
souk_socket_gate_close(struct souk_socket_gate **gate_p)
{
    struct souk_socket_gate *gate = *gate_p;
    const uint64_t one = 1;

    if (gate == NULL)
        return;
    atomic_store(&gate->stops, true);
    if (gate->started) {
        (void)!write(gate->stop_fd, &one, sizeof one);
        (void)pthread_join(gate->thread, NULL);
    }
    if (gate->socket != NULL)
        (void)zmq_close(gate->socket);
    if (gate->stop_fd >= 0)
        (void)close(gate->stop_fd);
    souk_access_release(&gate->access);
    (void)pthread_mutex_destroy(&gate->mutex);
    free(gate);
    *gate_p = NULL;
}

void
souk_socket_gate_set(struct souk_socket_gate *gate, struct souk_access *access)
{
    struct souk_access *before;

    (void)pthread_mutex_lock(&gate->mutex);
    before = gate->access;
    gate->access = souk_access_hold(access);
    (void)pthread_mutex_unlock(&gate->mutex);
    souk_access_release(&before);
}

bool
souk_socket_gate_is_gone(const struct souk_socket_gate *gate)
{
    return atomic_load(&gate->gone);
}

uint64_t
souk_socket_gate_refused(const struct souk_socket_gate *gate)
{
    return atomic_load(&gate->refused);
}

/* ---- its thread ----------------------------------------------------- */

static void *
ask_for_ever(void *arg)
{
    struct souk_socket_gate *gate = arg;
    struct field fields[FIELDS];
    char key[SOUK_KEY_TEXT_BYTES];
    int rc = 0;

    while (rc == 0) {
        zmq_pollitem_t items[] = {
            { .socket = gate->socket, .events = ZMQ_POLLIN },
            { .fd = gate->stop_fd, .events = ZMQ_POLLIN },
        };
        bool lets_in;

        if (zmq_poll(items, 2, -1) < 0 && errno != EINTR)
            break;
        if (atomic_load(&gate->stops))
            return NULL;
        if ((items[0].revents & ZMQ_POLLIN) == 0)
            continue;
        if ((rc = receive(gate->socket, fields)) != 0)
            break;
        lets_in = judge(gate, fields, key);
        if (!lets_in)
            (void)atomic_fetch_add(&gate->refused, 1);
        rc = answer(gate->socket, &fields[FIELD_REQUEST], key, lets_in);
    }
    atomic_store(&gate->gone, true);
    return NULL;
}

/* What is too long, too many or missing is seen by its size. */
static int
receive(void *socket, struct field fields[FIELDS])
{
    zmq_msg_t frame;
    size_t count = 0;
    bool more = true;

    memset(fields, 0, FIELDS * sizeof fields[0]);
    while (more) {
        (void)zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, 0) < 0) {
            (void)zmq_msg_close(&frame);
            if (errno == EINTR)
                continue;
            return -1;
        }
        more = zmq_msg_more(&frame) != 0;
        if (count < FIELDS && zmq_msg_size(&frame) <= FIELD_BYTES_MAX) {
            fields[count].size_bytes = zmq_msg_size(&frame);
            memcpy(fields[count].bytes, zmq_msg_data(&frame), zmq_msg_size(&frame));
        }
        count++;
        (void)zmq_msg_close(&frame);
    }
    if (count != FIELDS)
        fields[FIELD_VERSION].size_bytes = 0;
    return 0;
}

static bool
is(const struct field *field, const char *text)
{
    return field->size_bytes == strlen(text) && memcmp(field->bytes, text, field->size_bytes) == 0;
}

/* Under a domain of ours, by a key that is somebody's; where the node publishes, somebody's who may subscribe. */
static bool
judge(struct souk_socket_gate *gate, const struct field fields[FIELDS], char key_out[SOUK_KEY_TEXT_BYTES])
{
    const bool is_publish = is(&fields[FIELD_DOMAIN], SOUK_SOCKET_ZAP_PUBLISH);
    const struct souk_access_peer *peer;
    bool lets_in;

    key_out[0] = '\0';
    if (!is(&fields[FIELD_VERSION], ZAP_VERSION) || (!is_publish && !is(&fields[FIELD_DOMAIN], SOUK_SOCKET_ZAP_ASK))
        || !is(&fields[FIELD_MECHANISM], "CURVE") || fields[FIELD_KEY].size_bytes != KEY_BYTES
        || zmq_z85_encode(key_out, (const uint8_t *)fields[FIELD_KEY].bytes, KEY_BYTES) == NULL)
        return false;
    (void)pthread_mutex_lock(&gate->mutex);
    peer = gate->access == NULL ? NULL : souk_access_peer(gate->access, key_out);
    lets_in = (peer != NULL && (!is_publish || souk_access_may_subscribe(peer)))
        || (gate->guest[0] != '\0' && strcmp(gate->guest, key_out) == 0);
    (void)pthread_mutex_unlock(&gate->mutex);
    return lets_in;
}

/*
 * Who is not let in is told "not now" (300). At a plain no (400) libzmq's client
 * gives up for ever, and a daemon that was told of a new key a moment before its
 * peer would have lost it.
 */
static int
answer(void *socket, const struct field *request, const char *key, bool lets_in)
{
    const char *const texts[] = { lets_in ? "200" : "300", lets_in ? "come in" : "not in the topology",
        lets_in ? key : "", "" };
    const size_t count = sizeof texts / sizeof texts[0];

    if (zmq_send(socket, ZAP_VERSION, strlen(ZAP_VERSION), ZMQ_SNDMORE) < 0
        || zmq_send(socket, request->bytes, request->size_bytes, ZMQ_SNDMORE) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (zmq_send(socket, texts[i], strlen(texts[i]), i + 1 < count ? ZMQ_SNDMORE : 0) < 0)
            return -1;
    return 0;
}

/* ---- the test ------------------------------------------------------- */

int
souk_socket_gate_test(struct souk_socket_gate *gate, struct souk_error *err)
{
    const struct {
        const char *who;
        const char *domain;
        bool has_key, is_guest;
        int wanted;
    } tries[] = {
        { "without a key", SOUK_SOCKET_ZAP_ASK, false, false, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL },
        { "with a stranger's key", SOUK_SOCKET_ZAP_ASK, true, false, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH },
        { "with a stranger's key, to listen,", SOUK_SOCKET_ZAP_PUBLISH, true, false, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH },
        { "with a key that is let in", SOUK_SOCKET_ZAP_ASK, true, true, ZMQ_EVENT_HANDSHAKE_SUCCEEDED },
        { "with a key that was let in before", SOUK_SOCKET_ZAP_ASK, true, false, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH },
    };
    char server_public[SOUK_KEY_TEXT_BYTES], server_secret[SOUK_KEY_TEXT_BYTES];
    char public_text[SOUK_KEY_TEXT_BYTES], secret[SOUK_KEY_TEXT_BYTES];
    const uint64_t refused = atomic_load(&gate->refused);
    int event, rc = 0;

    if (zmq_curve_keypair(server_public, server_secret) != 0 || zmq_curve_keypair(public_text, secret) != 0)
        return souk_fail(err, SOUK_EIO, "the gate cannot be tried: no CURVE in this libzmq");
    for (size_t i = 0; i < sizeof tries / sizeof tries[0] && rc == 0; i++) {
        set_guest(gate, tries[i].is_guest ? public_text : "");
        rc = try(gate->context, tries[i].domain, server_secret, server_public, tries[i].has_key ? secret : NULL,
            public_text, &event);
        if (rc != 0)
            rc = souk_fail(err, SOUK_EIO, "the gate cannot be tried: %s", zmq_strerror(errno));
        else if (event != tries[i].wanted)
            rc = souk_fail(err, SOUK_EIO, "the gate fails its test: who comes %s %s", tries[i].who,
                event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? "gets in" : event == 0 ? "is never judged" : "is turned away");
    }
    set_guest(gate, "");
    atomic_store(&gate->refused, refused);
    sodium_memzero(server_secret, sizeof server_secret);
    sodium_memzero(secret, sizeof secret);
    return rc;
}

static void
set_guest(struct souk_socket_gate *gate, const char *key)
{
    (void)pthread_mutex_lock(&gate->mutex);
    (void)snprintf(gate->guest, sizeof gate->guest, "%s", key);
    (void)pthread_mutex_unlock(&gate->mutex);
}

/* What becomes of one connection, as the server's monitor says it; 0: nothing in time. `secret` NULL: it shows no key. */
static int
try(void *context, const char *domain, const char *server_secret, const char *server_public, const char *secret,
    const char *public_text, int *event_out)
{
    void *server = zmq_socket(context, ZMQ_ROUTER), *client = zmq_socket(context, ZMQ_DEALER);
    void *monitor = zmq_socket(context, ZMQ_PAIR);
    char place[64], events[64];
    uint8_t said[sizeof(uint16_t) + sizeof(uint32_t)] = { 0 };
    zmq_pollitem_t item = { .socket = monitor, .events = ZMQ_POLLIN };
    uint16_t event = 0;
    uint64_t drawn;
    int rc = -1;

    randombytes_buf(&drawn, sizeof drawn);
    (void)snprintf(place, sizeof place, "ipc://@souk-gate-%016" PRIx64, drawn);
    (void)snprintf(events, sizeof events, "inproc://souk-gate-%016" PRIx64, drawn);
    if (server != NULL && client != NULL && monitor != NULL && souk_socket_set_int(server, ZMQ_LINGER, 0) == 0
        && souk_socket_set_int(client, ZMQ_LINGER, 0) == 0 && souk_socket_set_int(monitor, ZMQ_LINGER, 0) == 0
        && souk_socket_set_server(server, server_secret, domain) == 0
        && (secret == NULL || souk_socket_set_client(client, secret, public_text, server_public) == 0)
        && zmq_socket_monitor(server, events, TEST_EVENTS) == 0 && zmq_connect(monitor, events) == 0
        && zmq_bind(server, place) == 0 && zmq_connect(client, place) == 0 && zmq_poll(&item, 1, TEST_MS) >= 0) {
        if ((item.revents & ZMQ_POLLIN) != 0 && zmq_recv(monitor, said, sizeof said, 0) == (int)sizeof said)
            memcpy(&event, said, sizeof event);
        rc = 0;
    }
    if (server != NULL)
        (void)zmq_socket_monitor(server, NULL, 0);
    if (client != NULL)
        (void)zmq_close(client);
    if (server != NULL)
        (void)zmq_close(server);
    if (monitor != NULL)
        (void)zmq_close(monitor);
    *event_out = event;
    return rc;
}
