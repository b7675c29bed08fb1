#   A shop. `man souk.topology` says what may stand here, `souk check` whether it fits together.

system = shop
    about = A shop that sells.
    messages = ../services/shop/shop.messages.zpl
#    messages = ../services/recommendations/suggestions.messages.zpl
    trim_after = recorded                   #   a demo keeps no backups
    pass_issuer = accounts

event_store = es1
    about = Records what happened.

service = accounts
    about = People, and how they sign in.
    program = souk-accounts
    stream = accounts
    stream = accounts.private
        private = yes

service = catalog
    about = What is for sale.
    program = souk-catalog
    stream = catalog

service = inventory
    about = What is in stock, and for whom it is held.
    program = souk-inventory
    stream = inventory
    follow = catalog

service = carts
    about = What people and guests want to buy.
    program = souk-carts
    stream = carts
    follow = accounts
    follow = catalog
    follow = inventory
    follow = orders

#   An order asks for goods, then for money; both are let go when it fails.
service = orders
    about = Orders, from the click to the receipt.
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
    program = souk-reviews
    stream = reviews
    stream = reviews.own
    stream = reviews.internal
    follow = catalog
    follow = orders
    follow = moderation

service = moderation
    about = Which reviews may be read.
    program = souk-moderation
    stream = moderation
    follow = reviews.internal

service = query
    about = What pages show.
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
