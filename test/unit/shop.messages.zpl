#   Messages of a shop that exists only in tests: every type of field, every
#   kind of message, two versions and both sides of each rule.

application = shop
    about = Messages of a shop that exists only in tests.

stream = inventory
    about = What is in stock, and for whom it is held.
    audience = public

stream = orders
    about = Orders and their lives.
    audience = internal

stream = accounts.private
    about = What only accounts may know of a person.
    audience = private

enum = order_state
    about = Where an order stands.
    values
        new = 0
        placed = 1, the shopper has ordered
        paid = 2
        cancelled = 300, by the shopper or by the shop

record = order_line
    about = One article of an order.
    fields
        sku = text 40, the article
        units = u32 1..1000
        price = money, of one unit
        engraving = text 60 optional
        gift = bool default false, wrap it

record = parcel
    about = What leaves the house together.
    fields
        lines = list 8 of order_line
        weight_g = u32

refusals
    inventory.unknown_sku = no such article
    inventory.sold_out = fewer units are left than asked for
    orders.empty = an order needs a line

settings
    inventory.shelf_bytes = 0..18446744073709551615 default 18446744073709551615, as wide as it gets
    orders.pay_ms = 1..3 default 2, an order that is not paid by then is cancelled

command = inventory.receive
    about = Goods have arrived.
    fields
        sku = text 40
        units = u32 1..1000000

command = inventory.reserve
    about = Hold units of one article for an order, or say why not. The page that got no answer asks again with the same id.
    refuses = inventory.unknown_sku
    refuses = inventory.sold_out
    fields
        order_id = id
        sku = text 40, the article
        units = u32 1..1000, how many to hold

command = inventory.count
    about = Count everything again.

event = inventory.received
    about = Goods are on the shelf.
    stream = inventory
    key = sku
    after = inventory.receive
    fields
        sku = text 40
        units = u32

event = inventory.reserved
    about = Units are held for an order until the hold expires.
    stream = inventory
    key = order_id
    after = inventory.reserve
    after = orders.placed
    fields
        order_id = id
        sku = text 40, the article
        units = u32 1..1000
        expires_ms = time, the hold ends by itself then

event = inventory.counted
    about = So much is there, whatever the books said.
    stream = inventory
    key = shelf
    after = inventory.count
    after = timer stocktaking
    after = rewound orders
    fields
        shelf = i64 -50..50, below zero in the cellar
        units = u64

command = orders.place
    about = The shopper orders what is in the cart.
    refuses = orders.empty
    version = 3
    fields
        order_id = id
        lines = list 50 of order_line
        note = text 200 default "", what the shopper wrote
        wanted_ms = time optional, deliver on this day
    older = 2
        upcast = upcast_orders_place_v2
        fields
            order_id = id
            lines = list 50 of order_line
            hurry = bool
    older = 1
        upcast = upcast_orders_place_v1
        fields
            order_id = id
            sku = text 40

event = orders.placed
    about = A shopper has ordered.
    stream = orders
    key = order_id
    after = orders.place
    after = inventory.reserved
        guard = an order is placed once
    fields
        order_id = id
        lines = list 50 of order_line
        total = money
        state = order_state default placed
        tags = list 4 of text 20 default empty
        seal = bytes 64 optional
        parcel = parcel optional
        points = i64 default -5
        rank = u8 default 7
        year = u16 default 2026
        coupon_ids = list 3 of id default empty
        history = list 5 of order_state default empty
        discount = money default -150 EUR
        greeting = text 30 default "hello, you"

event = orders.everything
    about = One field of each type, as wide as it goes.
    stream = orders
    key = small
    after = orders.place
    fields
        small = u8
        middle = u16
        large = u32
        huge = u64
        below_zero = i64
        yes = bool
        words = text 300
        raw = bytes 300
        name_id = id
        when_ms = time
        price = money
        state = order_state
        line = order_line
        numbers = list 20 of u64
        flags = list 20 of bool
        blobs = list 2 of bytes 8
        prices = list 3 of money
        degrees = list 3 of i64
        times = list 2 of time
        small_maybe = u8 optional
        below_zero_maybe = i64 optional
        yes_maybe = bool optional
        raw_maybe = bytes 8 optional
        id_maybe = id optional
        price_maybe = money optional
        state_maybe = order_state optional

event = accounts.moved
    about = A person lives somewhere else now.
    stream = accounts.private
    key = person_id
    subject = person_id
    after = accounts.move
    fields
        person_id = id
        street = text 100 optional personal
        shipped_before = list 2 of id

command = accounts.move
    about = A person lives somewhere else now.
    fields
        person_id = id
        street = text 100 personal

query = inventory.article
    about = What is there of one article?
    refuses = inventory.unknown_sku
    fields
        sku = text 40
    reply
        fields
            sku = text 40
            units_on_hand = u32
            units_held = u32

query = inventory.shelves
    about = Which shelves are there?
    reply
        fields
            shelves = list 100 of i64

row = article
    about = What is there of one article.
    table = articles
    stream = inventory
    key = sku
    fields
        sku = text 40
        units_on_hand = u32
        units_held = u32

row = hold
    about = Units that are held for an order.
    table = holds
    stream = inventory
    key = order_id
    key = sku
    fields
        order_id = id
        sku = text 40
        units = u32
        expires_ms = time

row = shelf_slot
    about = A place on a shelf: a key of every kind of part.
    table = shelf_slots
    stream = inventory
    key = shelf
    key = label
    key = level
    key = key
    fields
        shelf = i64
        label = text 20
        level = u16
        key = bytes 16
        state = order_state
        photos = list 3 of bytes 900

row = order_by_state
    about = Orders by where they stand, joined from two streams.
    table = orders_by_state
    key = state
    key = placed_ms
    fields
        state = order_state
        placed_ms = time
        order_id = id
