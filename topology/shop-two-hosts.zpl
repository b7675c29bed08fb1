#   The shop of shop.zpl on two hosts: where people come to, and where things are kept and paid for.
#
#   Each host makes its own keys, and everybody's public halves are put in here:
#       souk keys pass                          at the counter: pass_key, below `system`
#       souk keys make --host counter           there, too; and the same with bridge, shopkeeper instead of --host
#       souk keys make --host storehouse        on the other
#   Then, on each: souk up --host counter, or storehouse. The addresses are examples.

system = shop
    about = A shop that sells, on two hosts.
    messages = ../services/shop/shop.messages.zpl
    trim_after = recorded                   #   a demo keeps no backups
    pass_issuer = accounts

host = counter
    about = Where people come to.
    address = 192.0.2.1

host = storehouse
    about = Where things are kept, and money is taken.
    address = 192.0.2.2

event_store = es1
    about = Records what happened.
    host = counter
    port = 4000

#   One on each side, so that either can be alone for a while.
event_store = es2
    about = Records what happened.
    host = storehouse
    port = 4000

service = accounts
    about = People, and how they sign in.
    host = counter
    port = 4010
    program = souk-accounts
    stream = accounts
    stream = accounts.private
        private = yes

service = catalog
    about = What is for sale.
    host = counter
    port = 4020
    program = souk-catalog
    stream = catalog

service = inventory
    about = What is in stock, and for whom it is held.
    host = storehouse
    port = 4010
    program = souk-inventory
    stream = inventory
    follow = catalog

service = carts
    about = What people and guests want to buy.
    host = counter
    port = 4030
    program = souk-carts
    stream = carts
    follow = accounts
    follow = catalog
    follow = inventory
    follow = orders

#   An order asks for goods, then for money; both are let go when it fails.
service = orders
    about = Orders, from the click to the receipt.
    host = storehouse
    port = 4020
    program = souk-orders
    stream = orders
    stream = orders.private
        private = yes
    follow = accounts
    follow = catalog
    follow = carts
    follow = payments
    call = inventory
        command = inventory.hold
        command = inventory.release
        command = inventory.take
        command = inventory.take_back
    call = payments

service = payments
    about = The money of each order.
    host = storehouse
    port = 4030
    program = souk-payments
    stream = payments
    follow = cards
    call = cards
        command = cards.authorise
        command = cards.capture
        command = cards.void
        command = cards.refund

#   Reviews tells its moderator everything, each author all about their own, and the world what everybody may read.
service = reviews
    about = What people have to say about products.
    host = counter
    port = 4050
    program = souk-reviews
    stream = reviews
    stream = reviews.own
    stream = reviews.internal
    follow = catalog
    follow = orders
    follow = moderation

service = moderation
    about = Which reviews may be read.
    host = counter
    port = 4060
    program = souk-moderation
    stream = moderation
    follow = reviews.internal

service = query
    about = What pages show.
    host = counter
    port = 4040
    program = souk-query
    follow = accounts
    follow = catalog
    follow = inventory
    follow = orders
    follow = payments
    follow = reviews
    follow = reviews.own
    follow = moderation

service = cards
    about = A card processor's sandbox.
    host = storehouse
    port = 4040
    program = souk-cards
    stream = cards

#   Nobody thought of it when the shop opened. Take away what stands in front of these lines, and of the one above,
#   while the shop runs, and send souk up HUP: it reads all orders that there ever were.
#service = recommendations
#    about = What is bought together.
#    program = souk-recommendations
#    follow = catalog
#    follow = orders

#   What a browser talks to.
client = bridge
    about = HTTP in front of the services.
    host = counter
    program = souk-bridge
    listen = 127.0.0.1:8080
    routes = ../services/shop/shop.routes.zpl
    operator_role = admin                   #   for /ops: nodes ask for an admin's pass
    call = accounts
        command = accounts.register
        command = accounts.sign_in
        command = accounts.sign_out
        command = accounts.change_password
        command = accounts.rename
        command = accounts.keep_address
        command = accounts.drop_address
        command = accounts.leave
        command = accounts.appoint
    call = catalog
    call = inventory
        command = inventory.receive
        command = inventory.count
    call = carts
    call = orders
    call = cards
        command = cards.keep
        command = cards.take_step
    call = reviews
    call = moderation
    query = accounts
    query = carts
    query = orders
    query = query
    query = moderation
    follow = accounts
    follow = catalog
    follow = inventory
    follow = carts
    follow = orders
    follow = reviews
    follow = reviews.own
    follow = reviews.internal

#   Whoever looks after it.
client = shopkeeper
    about = The machine of whoever runs the shop.
    operator = yes
    call = accounts
    call = catalog
    call = carts
    call = query
    call = reviews
    call = moderation
    call = inventory
    call = orders
    call = payments
    call = cards
    query = accounts
    query = catalog
    query = carts
    query = query
    query = reviews
    query = moderation
    query = inventory
    query = orders
    query = payments
    query = cards
