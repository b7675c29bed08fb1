#   Messages of the sample services that the stage is tested with.

application = stage
    about = Messages of the sample services that the stage is tested with.

stream = inventory
    about = What is in stock, and for whom it is held.
    audience = public

stream = inventory.private
    about = What was paid for it.
    audience = private

stream = orders
    about = Orders and their lives.
    audience = public

enum = release_reason
    about = Why a hold ended.
    values
        expired = 0
        cancelled = 1
        lost = 2, the order is not in its stream any more

record = measure
    about = How large a thing is.
    fields
        label = text 20
        width_mm = u32
        height_mm = u32

refusals
    inventory.bad_units = nobody holds so many
    inventory.unknown_sku = no such article
    inventory.sold_out = fewer units are left than asked for
    suppliers.discontinued = it is not made any more

command = inventory.receive
    about = Goods have arrived.
    fields
        sku = text 40
        units = u32 1..1000000
        cost = money optional, of one unit

command = inventory.reserve
    about = Hold units of one article for an order, or say why not.
    refuses = inventory.bad_units
    refuses = inventory.unknown_sku
    refuses = inventory.sold_out
    fields
        order_id = id
        sku = text 40, the article
        units = u32

command = inventory.describe
    about = Say what an article is: a field of every type.
    fields
        sku = text 40
        title = text 60
        tags = list 4 of text 20 default empty
        package = measure optional
        variants = list 3 of measure default empty
        reason = release_reason default expired
        fragile = bool default false
        price = money default 0 EUR
        deposit = i64 default 0
        serial = u64 default 0
        since_ms = time default 0
        similar_ids = list 3 of id default empty
        photo = bytes 30 default ""

command = suppliers.order
    about = Send more of it.
    refuses = suppliers.discontinued
    fields
        sku = text 40
        units = u32

command = orders.place
    about = The shopper orders.
    fields
        sku = text 40
        units = u32

command = orders.cancel
    about = The shopper does not want it any more.
    fields
        order_id = id

event = inventory.received
    about = Goods are on the shelf.
    stream = inventory
    key = sku
    after = inventory.receive
    fields
        sku = text 40
        units = u32

event = inventory.bought
    about = What goods have cost.
    stream = inventory.private
    key = sku
    after = inventory.receive
    fields
        sku = text 40
        cost = money

event = inventory.reserved
    about = Units are held for an order until the hold expires.
    stream = inventory
    key = order_id
    after = inventory.reserve
    after = orders.placed
    fields
        order_id = id
        sku = text 40
        units = u32
        expires_ms = time

event = inventory.released
    about = They are held no more.
    stream = inventory
    key = order_id
    after = timer hold
    after = orders.cancelled
    after = rewound orders
    fields
        order_id = id
        sku = text 40
        units = u32
        reason = release_reason

event = inventory.ran_out
    about = Nothing is left; the supplier is asked for more.
    stream = inventory
    key = sku
    after = inventory.reserve
    after = orders.placed
    fields
        sku = text 40
        call_id = id

event = inventory.promised
    about = The supplier sends more.
    stream = inventory
    key = sku
    after = suppliers.order
    fields
        sku = text 40

event = inventory.abandoned
    about = The supplier has no more.
    stream = inventory
    key = sku
    after = suppliers.order
    fields
        sku = text 40
        code = text 40

event = inventory.described
    about = What an article is.
    stream = inventory
    key = sku
    after = inventory.describe
    fields
        sku = text 40
        title = text 60
        tags = list 4 of text 20 default empty
        package = measure optional
        variants = list 3 of measure default empty
        reason = release_reason default expired
        fragile = bool default false
        price = money default 0 EUR
        deposit = i64 default 0
        serial = u64 default 0
        since_ms = time default 0
        similar_ids = list 3 of id default empty
        photo = bytes 30 default ""

event = orders.placed
    about = A shopper has ordered.
    stream = orders
    key = order_id
    after = orders.place
    fields
        order_id = id
        sku = text 40
        units = u32

event = orders.cancelled
    about = The shopper does not want it any more.
    stream = orders
    key = order_id
    after = orders.cancel
    fields
        order_id = id

event = orders.confirmed
    about = The goods are held.
    stream = orders
    key = order_id
    after = inventory.reserved
    fields
        order_id = id

query = inventory.article
    about = What is there of one article?
    refuses = inventory.unknown_sku
    fields
        sku = text 40
    reply
        fields
            units_on_hand = u32
            units_held = u32
            cost = money optional

query = inventory.wanted
    about = Who has ordered an article and holds none of it?
    fields
        sku = text 40
    reply
        fields
            orders = list 100 of id

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
    fields
        order_id = id
        sku = text 40
        units = u32

row = cost
    about = What one unit has cost.
    table = costs
    stream = inventory.private
    key = sku
    fields
        sku = text 40
        cost = money

row = wish
    about = What an order wants.
    table = wishes
    stream = orders
    key = order_id
    fields
        order_id = id
        sku = text 40

row = unmet
    about = Orders that hold nothing yet, by article.
    table = unmet
    key = sku
    key = order_id
    fields
        sku = text 40
        order_id = id

row = confirmation
    about = An order whose goods are held.
    table = confirmations
    stream = orders
    key = order_id
    fields
        order_id = id
        rank = u32, how many were confirmed before
