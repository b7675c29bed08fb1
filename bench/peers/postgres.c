/*
 * PostgreSQL through libpq, on a table (number bigint primary key, payload
 * bytea). Events come by COPY in its binary format, `batch` of them a commit,
 * which is its fastest way in; a replay is COPY out in order; a request is a
 * prepared INSERT in a transaction of its own. synchronous_commit is on.
 */
#include "peer.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define COPY_HEAD_BYTES 19
#define ROW_HEAD_BYTES (2 + 4 + 8 + 4)

static const char copy_head[COPY_HEAD_BYTES] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";

static void
expect(PGconn *conn, PGresult *result, ExecStatusType status)
{
    if (PQresultStatus(result) != status)
        peer_fail("postgres", PQerrorMessage(conn));
    PQclear(result);
}

static uint64_t
rows_in(PGconn *conn)
{
    PGresult *result = PQexec(conn, "SELECT coalesce(max(number), 0) FROM log");
    uint64_t rows;

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        peer_fail("postgres", PQerrorMessage(conn));
    rows = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return rows;
}

static size_t
put_row(const struct peer *peer, uint64_t number, char *row)
{
    const uint16_t fields = htons(2);
    const uint32_t number_bytes = htonl(8), payload_bytes = htonl(peer->bytes);
    const uint64_t wire_number = htobe64(number);

    memcpy(row, &fields, 2);
    memcpy(row + 2, &number_bytes, 4);
    memcpy(row + 6, &wire_number, 8);
    memcpy(row + 14, &payload_bytes, 4);
    memcpy(row + ROW_HEAD_BYTES, peer->payload, peer->bytes);
    return ROW_HEAD_BYTES + peer->bytes;
}

static void
append(struct peer *peer, PGconn *conn)
{
    const uint16_t end = 0xffff;
    uint64_t number = rows_in(conn), done = 0;
    char *buffer = malloc((size_t)peer->batch * (ROW_HEAD_BYTES + PEER_BYTES_MAX) + COPY_HEAD_BYTES + 2);

    if (buffer == NULL)
        peer_fail("postgres", "no memory");
    peer_begin(peer);
    while (done < peer->events) {
        const uint64_t began_us = peer_us();
        size_t bytes = COPY_HEAD_BYTES;

        expect(conn, PQexec(conn, "COPY log FROM STDIN (FORMAT binary)"), PGRES_COPY_IN);
        memcpy(buffer, copy_head, COPY_HEAD_BYTES);
        for (uint32_t i = 0; i < peer->batch && done < peer->events; i++, done++)
            bytes += put_row(peer, ++number, buffer + bytes);
        memcpy(buffer + bytes, &end, 2);
        if (PQputCopyData(conn, buffer, (int)(bytes + 2)) != 1 || PQputCopyEnd(conn, NULL) != 1)
            peer_fail("postgres", PQerrorMessage(conn));
        expect(conn, PQgetResult(conn), PGRES_COMMAND_OK);
        PQclear(PQgetResult(conn));
        souk_histogram_add(&peer->us, peer_us() - began_us);
    }
    peer_end(peer, done);
    free(buffer);
}

static void
request(struct peer *peer, PGconn *conn)
{
    uint64_t number = rows_in(conn);

    expect(conn, PQprepare(conn, "put", "INSERT INTO log VALUES ($1::bigint, $2::bytea)", 2, NULL), PGRES_COMMAND_OK);
    peer_begin(peer);
    for (uint64_t i = 0; i < peer->events; i++) {
        const uint64_t began_us = peer_us();
        const uint64_t wire_number = htobe64(++number);
        const char *const values[] = { (const char *)&wire_number, (const char *)peer->payload };
        const int lengths[] = { 8, (int)peer->bytes };
        const int formats[] = { 1, 1 };

        expect(conn, PQexecPrepared(conn, "put", 2, values, lengths, formats, 1), PGRES_COMMAND_OK);
        souk_histogram_add(&peer->us, peer_us() - began_us);
    }
    peer_end(peer, peer->events);
}

static void
replay(struct peer *peer, PGconn *conn)
{
    uint64_t done = 0;
    char *row;
    int bytes;

    expect(conn, PQexec(conn, "COPY (SELECT number, payload FROM log ORDER BY number) TO STDOUT (FORMAT binary)"),
        PGRES_COPY_OUT);
    while ((bytes = PQgetCopyData(conn, &row, 0)) > 0) {
        const char *at = row + (done == 0 && bytes > COPY_HEAD_BYTES && memcmp(row, copy_head, 11) == 0
            ? COPY_HEAD_BYTES : 0);
        uint32_t payload_bytes;

        if (bytes - (at - row) >= ROW_HEAD_BYTES) {
            memcpy(&payload_bytes, at + 14, 4);
            if (ntohl(payload_bytes) != peer->bytes)
                peer_fail("postgres", "an event is not what was written");
            done++;
        }
        PQfreemem(row);
    }
    if (bytes != -1)
        peer_fail("postgres", PQerrorMessage(conn));
    expect(conn, PQgetResult(conn), PGRES_COMMAND_OK);
    PQclear(PQgetResult(conn));
    peer_end(peer, done);
    if (done < peer->events)
        peer_fail("postgres", "events are missing");
}

int
main(int argc, char **argv)
{
    static struct peer peer;
    PGconn *conn;

    peer_init(&peer, argc, argv);
    conn = PQconnectdb(peer.address);
    if (PQstatus(conn) != CONNECTION_OK)
        peer_fail("postgres", PQerrorMessage(conn));
    expect(conn, PQexec(conn, "SET client_min_messages = warning; CREATE TABLE IF NOT EXISTS log"
        " (number bigint PRIMARY KEY, payload bytea NOT NULL); ALTER TABLE log ALTER payload SET STORAGE PLAIN"),
        PGRES_COMMAND_OK);
    peer_begin(&peer);
    if (strcmp(peer.work, "append") == 0)
        append(&peer, conn);
    else if (strcmp(peer.work, "replay") == 0)
        replay(&peer, conn);
    else if (strcmp(peer.work, "request") == 0)
        request(&peer, conn);
    else
        peer_fail(peer.work, "no such work");
    peer_say(&peer);
    PQfinish(conn);
    return 0;
}
