"""Six services and an event store, as processes."""
from system import System


def test_a_command_is_seen_by_who_follows(build):
    """Command in, event followed, and the query service answers with what the caller wrote."""
    with System(build) as system:
        system.start_all()
        a_command_is_seen(system)


def test_it_is_over_tcp_too(build):
    """The same on tcp endpoints, and after each daemon has been killed once."""
    with System(build) as system:
        system.listen_on_tcp()
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
