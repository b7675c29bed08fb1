"""Six services and an event store, as processes."""
import socket

from system import Skipped, System


def test_a_command_is_seen_by_who_follows(build):
    """Command in, event followed, and the query service answers with what the caller wrote."""
    with System(build) as system:
        system.start_all()
        a_command_is_seen(system)


def test_it_is_over_tcp_too(build):
    """The same on tcp endpoints, and after each daemon has been killed once."""
    it_is_over_tcp(build, "127.0.0.1")


def test_it_is_over_ipv6_too(build):
    """The same again, with addresses in brackets."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as why:
        raise Skipped(f"no IPv6 here: {why}") from why
    it_is_over_tcp(build, "[::1]")


def it_is_over_tcp(build, address):
    with System(build) as system:
        system.listen_on_tcp(address)
        system.start_all()
        a_command_is_seen(system)
        for daemon in system.daemons.values():
            daemon.kill()
        system.start_all()
        reply = system.command_taken("stock", "stock.receive", [8, 50])
        assert system.row("query", 1, 8, seen=reply.cursors)[0] == 50


def a_command_is_seen(system):
    reply = system.command("stock", "stock.receive", [7, 100])
    assert reply.status == "ok" and reply.durability == 1, reply
    assert [place[0] for place in reply.cursors] == ["stock"], reply
    row = system.row("query", 1, 7, seen=reply.cursors)
    assert row[0] == 100, row

    reply = system.command_taken("orders", "order.place", [1, 7, 2, 500, 1], recorded=True)
    assert reply.status == "ok" and reply.durability == 2, reply
    assert system.row("query", 0, 1, seen=reply.cursors)[0] >= 1
    system.caught_up("log-a", "orders", "orders.private")
