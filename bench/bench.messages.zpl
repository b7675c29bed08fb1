#   Messages of the service that bench_core drives.

application = bench
    about = Messages of the service that bench_core drives.

stream = stock
    about = What is in stock.
    audience = public

command = stock.receive
    about = Goods of several articles have arrived.
    fields
        first_article = u64
        articles = u32 1..1024, one event each
        note = bytes 1024, what makes the event as long as it is to be

event = stock.received
    about = Goods of one article are on the shelf.
    stream = stock
    key = article
    after = stock.receive
    fields
        article = u64
        units = u32
        note = bytes 1024

row = article
    about = What is there of one article.
    table = articles
    stream = stock
    key = article
    fields
        article = u64
        units = u64
