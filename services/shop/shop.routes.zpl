#   The shop over HTTP. `man souk.routes` says what may stand here.

routes = shop
    about = "A shop: what it sells, carts and orders, people, and what its staff does."
    session
        pass = accounts.pass
        guest = accounts.guest_pass
        renewed_by = accounts.appointed
        renewed_by = accounts.left
    refusals
        shop.not_signed_in = 401
        shop.staff_only = 403
        accounts.bad_email = 422
        accounts.weak_password = 422
        accounts.wrong = 403
        accounts.too_many_tries = 429
        accounts.admin_only = 403
        accounts.unknown_person = 404
        accounts.too_many_addresses = 422
        catalog.unknown_product = 404
        catalog.unknown_category = 422
        catalog.not_sellable = 422
        catalog.bad_slug = 422
        catalog.category_twice = 422
        catalog.changed = 412
        query.unknown_product = 404
        query.unknown_order = 404
        query.unknown_customer = 404
        inventory.unknown_article = 404
        carts.unknown_article = 422
        carts.too_many = 422
        carts.too_many_lines = 422
        carts.currencies = 422
        orders.nothing_ordered = 422
        orders.unknown_article = 422
        orders.currencies = 422
        orders.unknown_order = 404
        orders.not_yours = 403
        cards.unknown_charge = 404
        reviews.unknown_product = 404
        reviews.nothing_said = 422
        reviews.unknown_review = 404
        reviews.own_review = 403
        moderation.no_word = 422
        moderation.unknown_review = 404
        moderation.no_reason = 422

#   people

route = POST /api/people
    command = accounts.register
    location = /api/account
    rate = 30 per 60

route = POST /api/session
    command = accounts.sign_in
    session = begin token_hash
    address = client
    rate = 60 per 60
    outcomes
        accounts.sign_in_failed = accounts.wrong

route = DELETE /api/session
    command = accounts.sign_out
    session = end token_hash

route = GET /api/account
    query = accounts.me
    role = customer

route = PUT /api/account/name
    command = accounts.rename
    role = customer

route = PUT /api/account/password
    command = accounts.change_password
    session = begin token_hash
    address = client
    rate = 10 per 60
    role = customer
    outcomes
        accounts.sign_in_failed = accounts.wrong

route = PUT /api/account/addresses/{address_id}
    command = accounts.keep_address
    role = customer

route = DELETE /api/account/addresses/{address_id}
    command = accounts.drop_address
    role = customer

#   What is gone then is gone; the password is asked for once more.
route = POST /api/account/leave
    command = accounts.leave
    rate = 10 per 60
    role = customer
    outcomes
        accounts.sign_in_failed = accounts.wrong

#   what is for sale

route = GET /api/home
    query = query.home
    cache = revalidate

route = GET /api/categories
    query = query.categories
    cache = revalidate

route = GET /api/products
    query = query.products
    cache = revalidate

route = GET /api/products/{slug}
    query = query.product
    cache = revalidate

#   a cart, of whoever is signed in or of a guest

route = GET /api/cart
    query = carts.cart
    session = maybe

route = POST /api/cart/lines
    command = carts.add
    session = guest

route = PUT /api/cart/lines/{sku}
    command = carts.set
    role = customer
    role = guest

route = DELETE /api/cart/lines/{sku}
    command = carts.remove
    role = customer
    role = guest

#   cards, which a real shop's browser takes to the processor itself

route = POST /api/cards
    command = cards.keep
    rate = 30 per 60

route = POST /api/charges/{charge_id}/step
    command = cards.take_step
    rate = 30 per 60

#   orders

route = POST /api/orders
    command = orders.check_out
    location = /api/orders/{order_id}
    key = required
    role = customer
    role = guest

route = GET /api/orders
    query = query.my_orders
    role = customer
    role = guest

route = GET /api/orders/{order_id}
    query = query.order
    role = customer
    role = guest

route = GET /api/orders/{order_id}/destination
    query = orders.destination
    role = customer
    role = guest

route = POST /api/orders/{order_id}/cancel
    command = orders.cancel
    role = customer
    role = guest

#   reviews

route = GET /api/products/{product_id}/reviews
    query = query.reviews
    cache = revalidate

route = GET /api/products/{product_id}/reviews/mine
    query = query.my_review
    role = customer

route = GET /api/reviews
    query = query.my_reviews
    role = customer

route = POST /api/products/{product_id}/reviews
    command = reviews.write
    location = /api/reviews/{review_id}
    rate = 60 per 60
    role = customer

route = PUT /api/reviews/{review_id}
    command = reviews.edit
    rate = 60 per 60
    role = customer

route = DELETE /api/reviews/{review_id}
    command = reviews.remove
    role = customer

route = PUT /api/reviews/{review_id}/mark
    command = reviews.mark
    role = customer

#   the back office

route = GET /api/admin/people
    query = accounts.people
    role = staff
    role = admin

route = PUT /api/admin/people/{person_id}/roles
    command = accounts.appoint
    role = admin

route = PUT /api/admin/categories/{category}
    command = catalog.put_category
    role = staff
    role = admin

#   If-Match names the version of the product that was seen, not the tag of an answer, which has its stock, too.
route = PUT /api/admin/products/{product_id}
    command = catalog.write
    if_match = seen_version
    role = staff
    role = admin

route = POST /api/admin/products/{product_id}/publish
    command = catalog.publish
    if_match = seen_version
    role = staff
    role = admin

route = POST /api/admin/products/{product_id}/withdraw
    command = catalog.withdraw
    if_match = seen_version
    role = staff
    role = admin

route = POST /api/admin/stock/{sku}/receive
    command = inventory.receive
    role = staff
    role = admin

route = PUT /api/admin/stock/{sku}
    command = inventory.count
    role = staff
    role = admin

route = GET /api/admin/today
    query = query.today
    role = staff
    role = admin

route = GET /api/admin/products
    query = query.office_products
    role = staff
    role = admin

route = GET /api/admin/products/{product_id}
    query = query.office_product
    role = staff
    role = admin

route = GET /api/admin/stock
    query = query.stock
    role = staff
    role = admin

route = GET /api/admin/stock/{sku}/history
    query = query.stock_history
    role = staff
    role = admin

route = GET /api/admin/orders/{order_id}/log
    query = query.order_log
    role = staff
    role = admin

route = GET /api/admin/destinations
    query = orders.search
    role = staff
    role = admin

route = GET /api/admin/customers
    query = query.customers
    role = staff
    role = admin

route = GET /api/admin/customers/{person_id}
    query = query.customer
    role = staff
    role = admin

route = GET /api/admin/customers/{person_id}/reviews
    query = query.customer_reviews
    role = staff
    role = admin

route = GET /api/admin/deeds
    query = query.deeds
    role = staff
    role = admin

route = GET /api/admin/orders
    query = query.orders
    role = staff
    role = admin

route = POST /api/admin/orders/{order_id}/refunds
    command = orders.refund
    role = staff
    role = admin

route = GET /api/admin/moderation
    query = query.moderation
    role = staff
    role = admin

route = GET /api/admin/moderation/{review_id}/log
    query = query.review_log
    role = staff
    role = admin

route = POST /api/admin/moderation/{review_id}/approve
    command = moderation.approve
    role = staff
    role = admin

route = POST /api/admin/moderation/{review_id}/refuse
    command = moderation.refuse
    role = staff
    role = admin

route = GET /api/admin/words
    query = moderation.words
    role = staff
    role = admin

route = PUT /api/admin/words/{word}
    command = moderation.forbid
    role = staff
    role = admin

route = DELETE /api/admin/words/{word}
    command = moderation.allow
    role = staff
    role = admin

#   the operator's pages: how everything stands, what has happened, what could not be handled

route = GET /api/ops/system
    query = ops.system
    role = admin

route = GET /api/ops/log
    query = ops.log
    role = admin

route = GET /api/ops/log/{stream}/{number}
    query = ops.event
    role = admin

route = GET /api/ops/log/{stream}/{number}/why
    query = ops.why
    role = admin

route = GET /api/ops/parked/{service}
    query = ops.parked
    role = admin

route = POST /api/ops/parked/{service}/{sequence}/retry
    command = ops.retry
    deadline_ms = 30000
    role = admin

route = POST /api/ops/parked/{service}/{sequence}/discard
    command = ops.discard
    deadline_ms = 30000
    role = admin

#   Only where souk up runs with --control, as in the demo.
route = POST /api/ops/nodes/{node}/end
    command = ops.end
    role = admin

#   what happens, as it happens: what is for sale, and for whoever is signed in what is theirs

route = GET /api/events
    events = catalog
    events = inventory
    events = carts
    events = orders
    events = reviews
    events = reviews.own
    events = reviews.internal
    session = maybe
