"""Six services and an event store, as processes."""
from system import System


def test_a_command_is_seen_by_who_follows(build):
    """Command in, event followed, and the query service answers with what the caller wrote."""
    with System(build) as system:
        system.start_all()
        reply = system.command("stock", "stock.receive", [7, 100])
        assert reply.status == "ok" and reply.durability == 1, reply
        assert [place[0] for place in reply.cursors] == ["stock"], reply
        row = system.row("query", 1, 7, seen=reply.cursors)
        assert row[0] == 100, row

        reply = system.command_taken("orders", "order.place", [1, 7, 2, 500, 1], recorded=True)
        assert reply.status == "ok" and reply.durability == 2, reply
        assert system.row("query", 0, 1, seen=reply.cursors)[0] >= 1
        system.caught_up("log-a", "orders", "orders.private")
