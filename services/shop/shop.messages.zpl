#   Everything that the services of the shop say to each other, and what they keep.

application = shop
    about = A shop, from the shelf to the receipt.

#   Streams: each has one writer.

stream = accounts
    about = Who there is, by the name that they want to be called.
    audience = internal

stream = accounts.private
    about = "How people sign in, and where they live: for accounts alone."
    audience = private

stream = catalog
    about = What is for sale, and what it costs.
    audience = public

stream = inventory
    about = What is in stock, and for whom it is held.
    audience = public

stream = carts
    about = What people and guests want to buy.
    audience = internal

stream = orders
    about = Each step in the life of an order, without a word about the person.
    audience = internal

stream = orders.private
    about = Where an order goes to: for those who have to know.
    audience = private

stream = payments
    about = Money that is held, taken, given up and given back.
    audience = internal

stream = cards
    about = What the card processor has to say.
    audience = internal

#   Where things stand.

enum = product_state
    about = Who sees a product.
    values
        draft = 0, nobody but the shopkeeper
        published = 1, everybody
        withdrawn = 2, nobody any more; orders of it go on

enum = stock_reason
    about = Why a stock is another one now.
    values
        received = 0, goods have come in
        counted = 1, somebody has counted
        damaged = 2
        held = 3, for an order
        released = 4, what was held is free again
        taken = 5, it leaves with an order
        returned = 6, it has come back

enum = release_reason
    about = Why units are not held any more.
    values
        cancelled = 0, the order is
        expired = 1, it was not paid in time

enum = order_state
    about = Where an order stands.
    values
        placed = 0, stock is being held
        reserved = 1, stock is held; the payment is under way
        awaiting_step = 2, the card's owner has one more thing to do
        paid = 3, the money is held; the goods are being taken from the shelf
        confirmed = 4, the money is taken and the goods are the shopper's
        cancelled = 5
        refunded = 6

enum = order_step
    about = What another service has done for an order.
    values
        payment_asked = 0, payments knows of it
        goods_taken = 1, they have left the shelf
        goods_released = 2, they are not held any more
        money_released = 3, it is not held any more
        refund_asked = 4, payments knows of it
        goods_back = 5, they are on the shelf again
        hold_too_late = 6, the order was cancelled before its goods were held
        capture_asked = 7, payments knows that the money is to be taken

enum = cancel_reason
    about = Why an order is cancelled.
    values
        shopper = 0, its owner has changed their mind
        sold_out = 1, fewer units were left than it asks for
        declined = 2, the card was
        too_late = 3, it was not paid in time
        shopkeeper = 4

enum = payment_state
    about = Where a payment stands.
    values
        asked = 0, the processor has not answered yet
        step_needed = 1, the card's owner has one more thing to do
        authorised = 2, the money is held
        captured = 3, the money is taken
        declined = 4
        voided = 5, what was held is free again
        refunded = 6, all of it has been given back

enum = decline_reason
    about = Why a card did not pay.
    values
        declined = 0, its bank says no more than that
        insufficient_funds = 1
        expired_card = 2
        wrong_code = 3
        step_failed = 4, the second step was not taken, or taken wrong
        unknown_card = 5, the processor knows no such card
        no_answer = 6, the processor did not answer in time

enum = cart_line_state
    about = Whether what is in a cart can be had.
    values
        available = 0
        too_few = 1, there are some, and fewer than the cart has
        sold_out = 2
        not_for_sale = 3, any more

#   What messages share.

record = article
    about = A variant of a product: what is counted, priced and sold.
    fields
        sku = text 32
        name = text 60, "of the variant: its size, its colour"
        price = money

record = trait
    about = "What distinguishes products: material glass, origin Turkey."
    fields
        name = text 32
        value = text 60

record = picture
    about = A picture of a product.
    fields
        name = text 60, of the file without its size and kind
        alt = text 160, for those who do not see it

record = stock_line
    about = So many of an article.
    fields
        sku = text 32
        units = u32 1..1000

record = cart_line
    about = "An article in a cart: as it was put there, and as it is now."
    fields
        sku = text 32
        product_id = id
        slug = text 60, of the product
        title = text 100, of the product
        name = text 60, of the variant
        picture = picture optional
        units = u32
        price_then = money, when its units were last said
        price = money, now
        available = u32, "units that are in stock and not held, 1000 at most"
        state = cart_line_state

record = order_line
    about = An article as it was ordered.
    fields
        product_id = id
        sku = text 32
        title = text 160, of the product and the variant
        units = u32 1..1000
        price = money, of one

record = wanted_line
    about = An article as somebody wants it, with the price that they have seen.
    fields
        sku = text 32
        units = u32 1..1000
        price = money

record = address
    about = Where goods go to.
    fields
        name = text 100
        street = text 160
        city = text 100
        postcode = text 20
        country = text 2, ISO 3166-1 alpha-2
        phone = text 30

enum = sort_order
    about = How products are listed.
    values
        newest = 0, the latest first
        cheapest = 1
        dearest = 2
        title = 3
        popular = 4, "what was sold of late, and most"
        rated = 5, the most stars first

enum = customer_order
    about = How customers are listed.
    values
        newest = 0, the latest first
        spent = 1, who has spent the most first

record = product_card
    about = A product in a list.
    fields
        product_id = id
        slug = text 60
        title = text 100
        summary = text 300
        category = text 32
        price = money, of its cheapest variant
        is_from = bool, others cost more
        picture = picture optional
        available = bool, some of it is in stock
        average = u16 default 0, "hundredths of a star, 0 without reviews"
        reviews = u32 default 0

record = article_state
    about = A variant on its product's page.
    fields
        sku = text 32
        name = text 60
        price = money
        available = u32, "units that are in stock and not held, 100 at most"

record = facet
    about = "How many products a further filter would leave, each filter but those of its own name applied."
    fields
        name = text 32, "of a trait, or category"
        value = text 60
        products = u32
        is_chosen = bool

record = office_card
    about = "A product, as the shopkeeper lists it."
    fields
        product_id = id
        slug = text 60
        title = text 100
        category = text 32
        state = product_state
        price = money, of its cheapest variant
        articles = u32
        on_hand = u32, of all of them
        held = u32
        changed_ms = time
        picture = picture optional

record = office_article
    about = A variant with its stock.
    fields
        sku = text 32
        name = text 60
        price = money
        on_hand = u32
        held = u32, "for orders; the rest is available"

record = price_step
    about = An article had another price from then on.
    fields
        at_ms = time
        sku = text 32
        price = money
        was = money optional
        by = id optional, of the staff
        by_name = text 60 default ""

record = stock_card
    about = "An article's stock, in a list."
    fields
        sku = text 32
        product_id = id
        title = text 100
        name = text 60
        on_hand = u32
        held = u32

record = stock_step
    about = A change of a stock, and why.
    fields
        at_ms = time
        reason = stock_reason
        units = u32
        on_hand = u32, afterwards
        held = u32, afterwards
        note = text 200
        order_id = id optional, for which it was
        by = id optional, of the staff
        by_name = text 60 default ""

record = low_stock_line
    about = An article of which there is little.
    fields
        sku = text 32
        product_id = id
        title = text 100
        name = text 60
        available = u32

record = day_sales
    about = What a day brought.
    fields
        day_ms = time, its midnight in UTC
        orders = u32, that were confirmed
        units = u32
        sold = money
        returned = u64, minor units that were given back

record = sales
    about = What some days brought.
    fields
        orders = u32, that were confirmed
        units = u32
        sold = money
        returned = u64, minor units that were given back

record = best_seller
    about = A product that sells.
    fields
        product_id = id
        slug = text 60
        title = text 100
        category = text 32
        picture = picture optional
        units = u32
        sold = money

enum = deed
    about = What staff does.
    values
        category_put = 0
        written = 1, a product
        priced = 2, an article
        published = 3
        withdrawn = 4
        received = 5, goods
        counted = 6
        damaged = 7
        cancelled = 8, an order
        refund_decided = 9
        appointed = 10
        review_approved = 11
        review_refused = 12
        word_forbidden = 13
        word_allowed = 14

record = deed_line
    about = Something that somebody of the staff has done.
    fields
        at_ms = time
        by = id
        by_name = text 60, empty when they have left
        deed = deed
        about_id = id optional, "the product, order, person or review"
        about = text 100, "what that is called: a title, an order's number, a name"
        key = text 40, "the article's number, the category, the word"
        units = u32
        amount = money optional
        was = money optional
        is_staff = bool, of somebody who was appointed
        is_admin = bool
        note = text 200

record = customer_card
    about = A customer, as the shopkeeper lists them.
    fields
        person_id = id
        name = text 60, empty for guests
        since_ms = time, the registration; a guest's first order
        orders = u32, that were confirmed
        spent = money optional, and not given back
        last_order_ms = time optional

enum = order_news
    about = "What happened to an order: in orders, from 20 on in inventory, from 40 on in payments."
    values
        placed = 0
        adopted = 1, the guest has signed in
        reserved = 2
        step_needed = 3
        paid = 4
        stepped = 5
        confirmed = 6
        cancelled = 7
        refund_decided = 8
        refunded = 9
        goods_held = 20
        goods_released = 21
        goods_taken = 22
        goods_back = 23
        payment_asked = 40
        payment_stepping = 41, the card's owner has one more thing to do
        payment_authorised = 42
        payment_declined = 43
        capture_asked = 44
        captured = 45
        voided = 46
        void_done = 47
        refund_asked = 48
        payment_refunded = 49
        processor_heard = 50, it answers later

record = person_name
    about = What somebody is called.
    fields
        person_id = id
        name = text 60

record = order_event
    about = "A step in an order's life, as the shopkeeper reads it."
    fields
        at_ms = time
        state = order_state, afterwards
        step = order_step optional, what another service has done for it
        reason = cancel_reason optional
        decline = decline_reason optional
        amount = money optional, that is to be given back or has been
        is_decided = bool, it is to be given back
        by = id optional, of the staff
        note = text 200
        what = order_news default placed
        number = u64 default 0, of the event in its stream
        release = release_reason optional
        units = u32 default 0, that are held or were ordered

record = category_card
    about = A category in a list.
    fields
        category = text 32
        title = text 80
        text = text 300

record = order_card
    about = An order in a list.
    fields
        order_id = id
        number = u32
        owner = id
        state = order_state
        total = money
        units = u32
        placed_ms = time
        changed_ms = time

record = history_step
    about = What happened to an order, as its owner reads it.
    fields
        at_ms = time
        state = order_state
        reason = cancel_reason optional
        decline = decline_reason optional
        amount = money optional, that was given back

record = kept_address
    about = An address that somebody has written down for next time.
    fields
        address_id = id
        address = address

record = session_line
    about = A place where somebody is signed in.
    fields
        since_ms = time
        client = text 64

record = person_line
    about = A person, as the shopkeeper sees them.
    fields
        person_id = id
        name = text 60
        email = text 254
        is_staff = bool
        is_admin = bool
        since_ms = time

refusals
    query.unknown_product = there is no such product
    query.unknown_customer = nobody of this id has registered or ordered
    query.unknown_order = there is no such order, or it is somebody else's
    accounts.bad_email = an address like ann@example.org is meant
    accounts.email_taken = somebody has registered with this address
    accounts.id_taken = there is a person of this id
    accounts.weak_password = a password has at least 10 characters
    accounts.wrong = address or password is wrong
    accounts.too_many_tries = too many tries within a quarter of an hour
    accounts.admin_only = only an admin may do that
    accounts.unknown_person = there is no such person
    accounts.has_admin = there is an admin, who appoints others
    accounts.too_many_addresses = 20 addresses are kept at most
    accounts.last_admin = somebody has to be admin
    shop.staff_only = only staff may do that
    shop.not_signed_in = nobody is signed in
    catalog.unknown_product = there is no such product
    catalog.slug_taken = another product has this address
    catalog.sku_taken = another product has this article
    catalog.unknown_category = there is no such category
    catalog.not_sellable = it has no variant, no price above zero, or several currencies
    catalog.category_twice = a category comes twice
    catalog.changed = somebody else has changed it meanwhile
    catalog.bad_slug = small letters, digits and single dashes are meant
    inventory.unknown_article = nobody sells such an article
    inventory.too_few = fewer were counted than are held for orders
    inventory.too_many = more than a shop can have
    inventory.line_twice = an article comes twice
    inventory.sold_out = fewer units are left than asked for
    inventory.not_held = nothing is held for this order
    inventory.held_already = something is held for this order, and not the same
    orders.nothing_ordered = an order has at least one line
    orders.id_taken = there is an order of this id
    orders.unknown_article = an article is not for sale
    orders.price_changed = an article costs another price now
    orders.too_many = more than 1000 of one article
    orders.currencies = its articles have prices of several currencies
    orders.unknown_order = there is no such order
    orders.not_yours = it is somebody else's
    orders.too_late = it is too far for that
    orders.too_much = more than was paid, and not given back yet
    orders.cart_changed = the cart is another one than was seen
    orders.cart_ordered = the cart has been ordered
    carts.unknown_article = an article is not for sale
    carts.too_many = more than 1000 of one article
    carts.too_many_lines = a cart has 50 articles at most
    carts.currencies = its articles have prices of several currencies
    payments.unknown_payment = there is no payment for this order
    payments.too_late = its payment is in another state by now
    payments.too_much = more than was taken, and not given back yet
    cards.unknown_charge = the processor knows no such charge
    cards.too_late = the charge is in another state by now

#   ---- accounts ----------------------------------------------------------------

command = accounts.register
    about = Become a customer.
    refuses = accounts.bad_email
    refuses = accounts.email_taken
    refuses = accounts.id_taken
    refuses = accounts.weak_password
    fields
        person_id = id
        email = text 254 personal
        name = text 60, to be called by; others see it beside reviews
        password = text 200 personal

command = accounts.sign_in
    about = "Begin a session. The reply's event says whether it worked: accounts.signed_in or accounts.sign_in_failed."
    refuses = accounts.wrong
    refuses = accounts.too_many_tries
    fields
        email = text 254 personal
        password = text 200 personal
        token_hash = bytes 32, "BLAKE2b-256 of the session's secret, which nobody but the browser has"
        client = text 64 personal, "where it comes from: an address"

command = accounts.sign_out
    about = End a session. An unknown one is fine.
    fields
        token_hash = bytes 32

command = accounts.change_password
    about = "Have another password; all sessions end, and a new one begins if its hash is there."
    refuses = shop.not_signed_in
    refuses = accounts.wrong
    refuses = accounts.weak_password
    refuses = accounts.too_many_tries
    fields
        person_id = id, who asks
        old_password = text 200 personal
        new_password = text 200 personal
        token_hash = bytes 32 optional, of the session that begins
        client = text 64 optional personal, "where it comes from: an address"

command = accounts.rename
    about = Be called something else.
    refuses = shop.not_signed_in
    refuses = accounts.unknown_person
    fields
        name = text 60

command = accounts.keep_address
    about = Write an address down for next time, or say anew what it is.
    refuses = shop.not_signed_in
    refuses = accounts.unknown_person
    refuses = accounts.too_many_addresses
    fields
        address_id = id
        address = address personal

command = accounts.drop_address
    about = Forget an address. An unknown one is fine.
    refuses = shop.not_signed_in
    fields
        address_id = id

command = accounts.leave
    about = Be no customer any more, and be forgotten. Nothing brings it back.
    refuses = shop.not_signed_in
    refuses = accounts.wrong
    refuses = accounts.too_many_tries
    refuses = accounts.last_admin
    fields
        person_id = id, who asks
        password = text 200 personal

command = accounts.appoint
    about = Make somebody staff or admin, or not any more.
    refuses = accounts.admin_only
    refuses = accounts.unknown_person
    refuses = accounts.last_admin
    fields
        person_id = id
        is_staff = bool
        is_admin = bool

command = accounts.appoint_first
    about = Make the first admin, on the shop's own machine. Nobody may call it through the bridge.
    refuses = accounts.has_admin
    refuses = accounts.unknown_person
    fields
        email = text 254 personal

event = accounts.registered
    about = Somebody is a customer now.
    stream = accounts
    key = person_id
    after = accounts.register
    fields
        person_id = id
        name = text 60

event = accounts.guest_signed_in
    about = A guest turned out to be somebody. What the guest had is that person's from now on.
    stream = accounts
    key = person_id
    after = accounts.sign_in
    fields
        guest_id = id
        person_id = id

event = accounts.renamed
    about = Somebody is called something else.
    stream = accounts
    key = person_id
    after = accounts.rename
    fields
        person_id = id
        name = text 60

event = accounts.appointed
    about = What somebody may do from now on.
    stream = accounts
    key = person_id
    after = accounts.appoint
    after = accounts.appoint_first
    fields
        person_id = id
        is_staff = bool
        is_admin = bool
        by = id optional, "the admin; absent for the first one"

event = accounts.email_kept
    about = How somebody is written to and signs in.
    stream = accounts.private
    key = person_id
    subject = person_id
    after = accounts.register
    fields
        person_id = id
        email = text 254 optional personal
        password_hash = text 128 optional personal, of argon2id

event = accounts.password_changed
    about = Somebody signs in with another password; sessions from before are over.
    stream = accounts.private
    key = person_id
    subject = person_id
    after = accounts.change_password
    fields
        person_id = id
        password_hash = text 128 optional personal

event = accounts.signed_in
    about = A session has begun.
    stream = accounts.private
    key = person_id
    subject = person_id
    after = accounts.sign_in
    after = accounts.change_password
    fields
        person_id = id
        token_hash = bytes 32
        expires_ms = time
        client = text 64 optional personal

event = accounts.sign_in_failed
    about = Address or password was wrong.
    stream = accounts.private
    key = who
    after = accounts.sign_in
    after = accounts.change_password
    after = accounts.leave
    fields
        who = id, made from the address that was tried
        place = id, made from where it came from

event = accounts.signed_out
    about = A session is over.
    stream = accounts.private
    key = person_id
    after = accounts.sign_out
    fields
        person_id = id
        token_hash = bytes 32

event = accounts.address_kept
    about = Somebody has written an address down.
    stream = accounts.private
    key = person_id
    subject = person_id
    after = accounts.keep_address
    fields
        person_id = id
        address_id = id
        address = address optional personal

event = accounts.address_dropped
    about = Somebody has forgotten an address.
    stream = accounts.private
    key = person_id
    after = accounts.drop_address
    fields
        person_id = id
        address_id = id

event = accounts.erased
    about = "What accounts knew of somebody: how they sign in, where they live."
    stream = accounts.private
    key = person_id
    forgets = person_id
    after = accounts.leave
    fields
        person_id = id

event = accounts.left
    about = Somebody is no customer any more. Whoever knows something of them forgets it.
    stream = accounts
    key = person_id
    after = accounts.leave
    fields
        person_id = id

query = accounts.pass
    about = "Whom a session speaks for, and a pass that says so to other services."
    refuses = shop.not_signed_in
    fields
        token = bytes 32 personal, the session's secret
    reply
        fields
            pass = bytes 512
            person_id = id
            name = text 60
            is_staff = bool
            is_admin = bool
            expires_ms = time, of the pass

query = accounts.guest_pass
    about = A pass for a browser in which nobody is signed in, so that it has a cart.
    fields
        secret = bytes 32 personal, that nobody but the browser has
    reply
        fields
            pass = bytes 512
            person_id = id
            expires_ms = time

query = accounts.me
    about = What accounts knows of whoever asks.
    refuses = shop.not_signed_in
    reply
        fields
            person_id = id
            name = text 60
            email = text 254
            is_staff = bool
            is_admin = bool
            since_ms = time
            addresses = list 20 of kept_address
            sessions = list 50 of session_line

query = accounts.people
    about = Who there is, the oldest first.
    refuses = shop.staff_only
    fields
        from = id optional, what the page before named
        text = text 254 optional, "a whole e-mail address, or what stands in a name: of the first 5000 people a page"
        person_id = id optional, only this one
        is_staff = bool default false, "only staff and admins: of the first 5000 people a page"
    reply
        fields
            people = list 50 of person_line
            next = id optional, where the next page begins

row = person
    about = Who somebody is to the shop.
    table = people
    stream = accounts
    key = person_id
    fields
        person_id = id
        name = text 60
        is_staff = bool
        is_admin = bool
        since_ms = time

row = admin
    about = Who may appoint others.
    table = admins
    stream = accounts
    key = person_id
    fields
        person_id = id

row = login
    about = How somebody signs in.
    table = logins
    stream = accounts.private
    key = person_id
    subject = person_id
    fields
        person_id = id
        email = text 254 optional personal
        password_hash = text 128 optional personal
        valid_from_ms = time, sessions from before are over

row = email_owner
    about = Whose address it is.
    table = email_owners
    stream = accounts.private
    key = email_id
    fields
        email_id = id, made of the address in small letters
        person_id = id

row = session
    about = A browser in which somebody is signed in.
    table = sessions
    stream = accounts.private
    key = token_hash
    subject = person_id
    fields
        token_hash = bytes 32
        person_id = id
        since_ms = time
        expires_ms = time
        client = text 64 optional personal

row = signed_in
    about = Where somebody is signed in.
    table = signed_in
    stream = accounts.private
    key = person_id
    key = token_hash
    fields
        person_id = id
        token_hash = bytes 32

row = tries
    about = How often somebody was wrong of late.
    table = tries
    stream = accounts.private
    key = who
    fields
        who = id
        count = u32
        since_ms = time

row = address_book
    about = An address of somebody's.
    table = address_books
    stream = accounts.private
    key = person_id
    key = address_id
    subject = person_id
    fields
        person_id = id
        address_id = id
        address = address optional personal

#   ---- catalog -----------------------------------------------------------------

command = catalog.put_category
    about = Make a category, or say anew what it is.
    refuses = shop.staff_only
    refuses = catalog.bad_slug
    fields
        category = text 32, its name in addresses
        title = text 80
        text = text 300
        place = u32 0..9999, where it stands among the others

command = catalog.write
    about = Make a product, a draft at first, or say anew what it is.
    refuses = shop.staff_only
    refuses = catalog.bad_slug
    refuses = catalog.slug_taken
    refuses = catalog.sku_taken
    refuses = catalog.unknown_category
    refuses = catalog.not_sellable
    refuses = catalog.category_twice
    refuses = catalog.changed
    fields
        product_id = id
        slug = text 60, its name in addresses
        title = text 100
        summary = text 300
        text = text 8000
        category = text 32
        articles = list 24 of article, with what each costs from now on
        pictures = list 12 of picture
        also_in = list 4 of text 32 default empty, other categories that show it
        traits = list 12 of trait default empty
        seen_version = u64 optional, of the product that was seen; if it has changed since nothing is written

command = catalog.publish
    about = Show it to everybody.
    refuses = shop.staff_only
    refuses = catalog.unknown_product
    refuses = catalog.changed
    fields
        product_id = id
        seen_version = u64 optional, "it is shown only if that is still the product's"

command = catalog.withdraw
    about = Take it out of the shop.
    refuses = shop.staff_only
    refuses = catalog.unknown_product
    refuses = catalog.changed
    fields
        product_id = id
        seen_version = u64 optional, "it is taken out only if that is still the product's"

event = catalog.category_put
    about = There is such a category, and this is what it is.
    stream = catalog
    key = category
    after = catalog.put_category
    fields
        category = text 32
        title = text 80
        text = text 300
        place = u32
        by = id optional, of the staff

event = catalog.written
    about = What a product is from now on, whatever it was before.
    stream = catalog
    key = product_id
    after = catalog.write
    fields
        product_id = id
        slug = text 60
        title = text 100
        summary = text 300
        text = text 8000
        category = text 32
        articles = list 24 of article
        pictures = list 12 of picture
        state = product_state
        also_in = list 4 of text 32 default empty, other categories that show it
        traits = list 12 of trait default empty
        by = id optional, of the staff

event = catalog.priced
    about = An article has a price for the first time, or another one.
    stream = catalog
    key = product_id
    after = catalog.write
    fields
        product_id = id
        sku = text 32
        price = money
        was = money optional
        by = id optional, of the staff

event = catalog.published
    about = Everybody sees it.
    stream = catalog
    key = product_id
    after = catalog.publish
    fields
        product_id = id
        by = id optional, of the staff

event = catalog.withdrawn
    about = Nobody sees it any more.
    stream = catalog
    key = product_id
    after = catalog.withdraw
    fields
        product_id = id
        by = id optional, of the staff

row = product
    about = A product, as far as catalog has to know it to decide.
    table = products
    stream = catalog
    key = product_id
    fields
        product_id = id
        slug = text 60
        state = product_state
        articles = list 24 of article
        version = u64, the number of the event that changed it last

row = slug
    about = Whose address it is.
    table = slugs
    stream = catalog
    key = slug
    fields
        slug = text 60
        product_id = id

row = sku_owner
    about = Whose article it is.
    table = sku_owners
    stream = catalog
    key = sku
    fields
        sku = text 32
        product_id = id

row = category
    about = A category.
    table = categories
    stream = catalog
    key = category
    fields
        category = text 32
        title = text 80
        text = text 300
        place = u32

#   ---- inventory ---------------------------------------------------------------

command = inventory.receive
    about = Goods have come in.
    refuses = shop.staff_only
    refuses = inventory.unknown_article
    refuses = inventory.too_many
    fields
        sku = text 32
        units = u32 1..100000
        note = text 200

command = inventory.count
    about = Somebody has counted what is on the shelf.
    refuses = shop.staff_only
    refuses = inventory.unknown_article
    refuses = inventory.too_few
    fields
        sku = text 32
        on_hand = u32 0..1000000, what was counted; not less than what is held
        damaged = bool, what is missing is damaged
        note = text 200

command = inventory.hold
    about = "Hold units for an order: all of its lines, or none."
    refuses = inventory.sold_out
    refuses = inventory.unknown_article
    refuses = inventory.held_already
    refuses = inventory.line_twice
    fields
        order_id = id
        lines = list 50 of stock_line, each article once
        hold_ms = u32 1000..86400000, for so long

command = inventory.release
    about = What is held for an order is free again. Nothing held is fine.
    fields
        order_id = id

command = inventory.take
    about = What is held for an order leaves the shelf.
    refuses = inventory.not_held
    fields
        order_id = id

command = inventory.take_back
    about = What an order has taken is on the shelf again. Nothing taken is fine.
    fields
        order_id = id

event = inventory.changed
    about = So much there is of an article, and why.
    stream = inventory
    key = sku
    after = inventory.receive
    after = inventory.count
    after = inventory.hold
    after = inventory.release
    after = inventory.take
    after = inventory.take_back
    after = timer hold
    fields
        sku = text 32
        on_hand = u32, on the shelf
        held = u32, of these, for orders
        reason = stock_reason
        units = u32, that came, went, were held or released
        note = text 200
        order_id = id optional, for which it was
        by = id optional, "of the staff; absent when it was for an order"

event = inventory.held
    about = All of an order is held for it, for a while.
    stream = inventory
    key = order_id
    after = inventory.hold
    fields
        order_id = id
        lines = list 50 of stock_line
        expires_ms = time

event = inventory.released
    about = What was held for an order is free again.
    stream = inventory
    key = order_id
    after = inventory.release
    after = timer hold
    fields
        order_id = id
        reason = release_reason

event = inventory.taken
    about = What was held for an order has left the shelf.
    stream = inventory
    key = order_id
    after = inventory.take
    fields
        order_id = id

event = inventory.taken_back
    about = What an order had taken is on the shelf again.
    stream = inventory
    key = order_id
    after = inventory.take_back
    fields
        order_id = id

row = stock
    about = How much there is of an article.
    table = stocks
    stream = inventory
    key = sku
    fields
        sku = text 32
        on_hand = u32
        held = u32

row = hold
    about = What is held for an order, or was taken for it.
    table = holds
    stream = inventory
    key = order_id
    fields
        order_id = id
        is_taken = bool
        lines = list 50 of stock_line

row = known_article
    about = What somebody sells, so that its stock can be kept.
    table = known_articles
    stream = catalog
    key = sku
    fields
        sku = text 32

#   ---- carts ------------------------------------------------------------------------

command = carts.add
    about = Put units of an article into one's cart, to those that are there.
    refuses = shop.not_signed_in
    refuses = carts.unknown_article
    refuses = carts.too_many
    refuses = carts.too_many_lines
    refuses = carts.currencies
    fields
        sku = text 32
        units = u32 1..1000

command = carts.set
    about = Have so many units of an article in one's cart.
    refuses = shop.not_signed_in
    refuses = carts.unknown_article
    refuses = carts.too_many_lines
    refuses = carts.currencies
    fields
        sku = text 32
        units = u32 1..1000

command = carts.remove
    about = Take an article out of one's cart. One that is not there is fine.
    refuses = shop.not_signed_in
    fields
        sku = text 32

event = carts.filled
    about = So many units of an article are in a cart, at this price.
    stream = carts
    key = owner
    audience = person owner
    after = carts.add
    after = carts.set
    after = orders.cancelled
    after = accounts.guest_signed_in
    fields
        owner = id, a person or a guest
        sku = text 32
        units = u32
        price = money, of one, at this moment

event = carts.removed
    about = An article is in a cart no more.
    stream = carts
    key = owner
    audience = person owner
    after = carts.remove
    fields
        owner = id
        sku = text 32

event = carts.ordered
    about = What was ordered has left the cart.
    stream = carts
    key = owner
    audience = person owner
    after = orders.placed
    fields
        owner = id
        order_id = id
        lines = list 50 of stock_line

event = carts.merged
    about = "What a guest had put into a cart is in a person's: each article as often as in the fuller cart of the two."
    stream = carts
    key = owner
    audience = person owner
    after = accounts.guest_signed_in
    fields
        owner = id, the person
        guest_id = id, whose cart is empty now
        left_out = u32, articles for which there was no room

event = carts.expired
    about = "Nobody has touched a cart for 30 days, or its owner has left; it is empty."
    stream = carts
    key = owner
    audience = person owner
    after = accounts.left
    after = timer idle
    fields
        owner = id

query = carts.cart
    about = The cart of whoever asks; nobody's is empty.
    reply
        fields
            cart_version = u64, another one after each change; an order names it
            lines = list 50 of cart_line, in the order in which they were put there
            units = u32, of all lines
            total = money optional, "of all lines that are for sale, now"
            can_order = bool, "there is something, and all of it can be had"

row = cart
    about = That somebody has a cart, and how it has changed.
    table = carts
    stream = carts
    key = owner
    fields
        owner = id
        cart_version = u64, the number of the event that changed it last

row = in_cart
    about = An article in a cart.
    table = in_carts
    stream = carts
    key = owner
    key = sku
    fields
        owner = id
        sku = text 32
        units = u32
        price = money
        since_ms = time

#   ---- orders ------------------------------------------------------------------

command = orders.place
    about = Order, and pay with a card that the processor has a token of.
    refuses = shop.not_signed_in
    refuses = orders.id_taken
    refuses = orders.nothing_ordered
    refuses = orders.unknown_article
    refuses = orders.price_changed
    refuses = orders.too_many
    refuses = orders.currencies
    fields
        order_id = id
        lines = list 50 of wanted_line
        card = id, its token
        email = text 254 personal, where to write to
        address = address personal

command = orders.check_out
    about = Order what is in one's cart, at the prices of this moment, and pay with a card.
    refuses = shop.not_signed_in
    refuses = orders.id_taken
    refuses = orders.cart_changed
    refuses = orders.cart_ordered
    refuses = orders.nothing_ordered
    refuses = orders.unknown_article
    refuses = orders.price_changed
    refuses = orders.currencies
    fields
        order_id = id
        cart_version = u64, of the cart that the shopper has seen
        total = money, that the shopper has seen; when it is another one now nothing is ordered
        card = id, its token
        email = text 254 personal, where to write to
        address = address personal

command = orders.cancel
    about = Take an order back, as long as its goods have not left the shelf.
    refuses = shop.not_signed_in
    refuses = orders.unknown_order
    refuses = orders.not_yours
    refuses = orders.too_late
    fields
        order_id = id

command = orders.refund
    about = Give money back.
    refuses = shop.staff_only
    refuses = orders.unknown_order
    refuses = orders.too_late
    refuses = orders.too_much
    fields
        order_id = id
        refund_id = id
        minor = u64 1..9007199254740991, of the order's currency
        goods_return = bool, they go back to the shelf
        note = text 200

settings
    orders.pay_ms = 1000..86400000 default 900000, an order that is not paid and taken by then is cancelled
    orders.hold_ms = 1000..86400000 default 1200000, so long inventory holds the goods of an order that is away

event = orders.placed
    about = Somebody has ordered.
    stream = orders
    key = order_id
    audience = person owner
    audience = role staff
    audience = role admin
    after = orders.place
    after = orders.check_out
    fields
        order_id = id
        owner = id, a person or a guest
        lines = list 50 of order_line
        total = money
        card = id
        number = u32, "by which people call it: 10001 and so on"
        cart_version = u64 optional, of the cart that was ordered
        pay_ms = u32 default 900000, then it is cancelled unless its goods are taken
        hold_ms = u32 1000..86400000 default 1200000, so long its goods are held

event = orders.addressed
    about = Where it goes to.
    stream = orders.private
    key = order_id
    subject = owner
    after = orders.place
    after = orders.check_out
    fields
        order_id = id
        owner = id
        email = text 254 optional personal
        address = address optional personal

event = orders.erased
    about = Where somebody's orders went to is forgotten.
    stream = orders.private
    key = owner
    forgets = owner
    after = accounts.left
    fields
        owner = id, "a customer, or the guest who became one"

event = orders.adopted
    about = Who has ordered as a guest has signed in.
    stream = orders
    key = order_id
    audience = person owner
    audience = role staff
    audience = role admin
    after = accounts.guest_signed_in
    fields
        order_id = id
        owner = id, from now on

event = orders.reserved
    about = Its goods are held.
    stream = orders
    key = order_id
    audience = person owner
    audience = role staff
    audience = role admin
    after = inventory.hold
    fields
        order_id = id
        owner = id optional

event = orders.step_needed
    about = The card's owner has one more thing to do.
    stream = orders
    key = order_id
    audience = person owner
    audience = role staff
    audience = role admin
    after = payments.step_needed
    fields
        order_id = id
        owner = id optional

event = orders.paid
    about = The money is held.
    stream = orders
    key = order_id
    audience = person owner
    audience = role staff
    audience = role admin
    after = payments.authorised
    fields
        order_id = id
        owner = id optional

event = orders.stepped
    about = Another service has done something for it.
    stream = orders
    key = order_id
    after = inventory.hold
    after = payments.authorise
    after = payments.capture
    after = inventory.take
    after = inventory.release
    after = inventory.take_back
    after = payments.void
    after = payments.refund
    fields
        order_id = id
        step = order_step

event = orders.confirmed
    about = The money is taken, and the goods are the shopper's.
    stream = orders
    key = order_id
    audience = person owner
    audience = role staff
    audience = role admin
    after = payments.captured
    fields
        order_id = id
        owner = id optional

event = orders.cancelled
    about = It does not come about; what was held for it is released.
    stream = orders
    key = order_id
    audience = person owner
    audience = role staff
    audience = role admin
    after = orders.cancel
    after = inventory.hold
    after = inventory.take
    after = payments.authorise
    after = payments.capture
    after = payments.declined
    after = timer pay
    fields
        order_id = id
        reason = cancel_reason
        decline = decline_reason optional, of the card
        goods_taken = bool, they have to go back
        owner = id
        cart = list 50 of stock_line, what was taken out of the owner's cart for it
        by = id optional, of the staff

event = orders.refund_decided
    about = Money is to be given back.
    stream = orders
    key = order_id
    audience = role staff
    audience = role admin
    after = orders.refund
    fields
        order_id = id
        refund_id = id
        amount = money
        goods_return = bool
        by = id, of the staff
        note = text 200

event = orders.refunded
    about = Money has been given back.
    stream = orders
    key = order_id
    audience = person owner
    audience = role staff
    audience = role admin
    after = payments.refunded
    fields
        order_id = id
        refund_id = id
        amount = money
        is_all = bool, nothing is left of what was paid
        owner = id optional

record = found_order
    about = "An order that goes where somebody has looked for it."
    fields
        order_id = id
        email = text 254
        address = address
        number = u32 default 0
        state = order_state default placed
        total = money optional
        placed_ms = time default 0

query = orders.destination
    about = "Where an order goes to, for its owner and for staff."
    refuses = orders.unknown_order
    fields
        order_id = id
    reply
        fields
            email = text 254 optional, absent when the person was forgotten
            address = address optional

query = orders.search
    about = "Orders by words of their addresses: a name, a street, a postcode, a city, an email; the latest first: of 5000 a page."
    refuses = shop.staff_only
    fields
        text = text 100, "each word of it has to begin one of theirs"
        from = text 48 optional, what the page before named
    reply
        fields
            orders = list 24 of found_order
            next = text 48 optional, where the next page begins

row = order
    about = An order, as far as orders has to know it to decide.
    table = orders
    stream = orders
    key = order_id
    fields
        order_id = id
        owner = id
        state = order_state
        goods_taken = bool
        total = money
        card = id
        decided = u64, minor units whose return was decided
        returned = u64, that have been given back
        lines = list 50 of stock_line
        is_of_cart = bool
        number = u32 default 0

row = destination
    about = Where an order goes to.
    table = destinations
    stream = orders.private
    key = order_id
    subject = owner
    fields
        order_id = id
        owner = id, who ordered
        email = text 254 optional personal
        address = address optional personal
        before_ms = u64, the time of the order until the end of time

row = destination_of
    about = Whose order goes there.
    table = destinations_of
    stream = orders.private
    key = owner
    key = order_id
    fields
        owner = id
        order_id = id

row = destination_time
    about = "When it was ordered, the latest first: nothing of where an order goes to can be a key, which is not sealed."
    table = destination_times
    stream = orders.private
    key = before_ms
    key = order_id
    fields
        before_ms = u64, the time until the end of time
        order_id = id

row = last_order
    about = What somebody has ordered last.
    table = last_orders
    stream = orders
    key = owner
    fields
        owner = id
        cart_version = u64, of the last cart that was ordered

row = owned_order
    about = Who has ordered what.
    table = owned_orders
    stream = orders
    key = owner
    key = order_id
    fields
        owner = id
        order_id = id

row = former_guest
    about = As which guests somebody has ordered.
    table = former_guests
    stream = orders
    key = person_id
    key = guest_id
    fields
        person_id = id
        guest_id = id

row = order_count
    about = How many orders there are.
    table = order_counts
    stream = orders
    key = everybody
    fields
        everybody = u8, 0
        count = u32

row = offer
    about = What an article is and costs now.
    table = offers
    stream = catalog
    key = sku
    fields
        sku = text 32
        product_id = id
        slug = text 60
        title = text 100, of the product
        name = text 60, of the variant
        price = money
        picture = picture optional
        is_sold = bool, its product is published and has it

row = offered_product
    about = The articles of a product.
    table = offered_products
    stream = catalog
    key = product_id
    fields
        product_id = id
        articles = list 24 of article

#   ---- payments ----------------------------------------------------------------

command = payments.authorise
    about = Hold money for an order.
    refuses = payments.too_late
    fields
        order_id = id
        card = id
        amount = money

command = payments.capture
    about = Take what is held.
    refuses = payments.unknown_payment
    refuses = payments.too_late
    fields
        order_id = id

command = payments.void
    about = Hold nothing for an order, now or later. What was taken goes back.
    refuses = payments.too_late
    fields
        order_id = id

command = payments.refund
    about = Give back some of what was taken.
    refuses = payments.unknown_payment
    refuses = payments.too_late
    refuses = payments.too_much
    fields
        order_id = id
        refund_id = id
        amount = money

event = payments.asked
    about = The card processor is asked to hold money.
    stream = payments
    key = order_id
    after = payments.authorise
    fields
        order_id = id
        card = id
        amount = money

event = payments.step_needed
    about = The card's owner has one more thing to do.
    stream = payments
    key = order_id
    after = cards.answered
    fields
        order_id = id

event = payments.authorised
    about = The money is held.
    stream = payments
    key = order_id
    after = cards.answered
    fields
        order_id = id

event = payments.declined
    about = The card does not pay.
    stream = payments
    key = order_id
    after = cards.answered
    after = cards.authorise
    after = timer answer
    after = timer capture
    after = cards.capture
    fields
        order_id = id
        reason = decline_reason

event = payments.capture_asked
    about = The processor is asked to take the money.
    stream = payments
    key = order_id
    after = payments.capture
    fields
        order_id = id

event = payments.captured
    about = The money is taken.
    stream = payments
    key = order_id
    after = cards.capture
    fields
        order_id = id

event = payments.voided
    about = Nothing is held, and nothing will be.
    stream = payments
    key = order_id
    after = payments.void
    fields
        order_id = id
        was_asked = bool, the processor knows of the charge

event = payments.void_done
    about = The processor holds nothing.
    stream = payments
    key = order_id
    after = cards.void
    fields
        order_id = id

event = payments.refund_asked
    about = The processor is asked to give money back.
    stream = payments
    key = order_id
    after = payments.refund
    after = payments.void
    after = cards.capture
    fields
        order_id = id
        refund_id = id
        amount = money

event = payments.refunded
    about = Money has been given back.
    stream = payments
    key = order_id
    after = cards.refunded
    fields
        order_id = id
        refund_id = id
        amount = money

event = payments.asking
    about = The processor has heard a request; what comes of it is another event.
    stream = payments
    key = order_id
    after = cards.authorise
    after = cards.refund
    after = cards.capture
    fields
        order_id = id
        is_accepted = bool

row = payment
    about = A payment.
    table = payments
    stream = payments
    key = order_id
    fields
        order_id = id
        state = payment_state
        amount = money
        asked_back = u64, minor units
        capture_asked = bool

row = refund
    about = Money that is on its way back.
    table = refunds
    stream = payments
    key = refund_id
    fields
        refund_id = id
        order_id = id
        amount = money

#   ---- reviews -----------------------------------------------------------------

stream = reviews
    about = What everybody may know of a review.
    audience = public

stream = reviews.own
    about = What the author of a review and the staff may know of it.
    audience = internal

stream = reviews.internal
    about = Each step in the life of a review, for those who work on it.
    audience = internal

enum = review_state
    about = Where the latest words of a review stand.
    values
        waiting = 0, they are in moderation
        approved = 1, everybody reads them
        refused = 2
        removed = 3, their author has taken them back, and all that was shown before

record = review_words
    about = What somebody has to say about a product.
    fields
        stars = u8 1..5
        title = text 120
        text = text 4000

refusals
    reviews.unknown_product = there is no such product in the shop
    reviews.id_taken = there is a review of this id
    reviews.reviewed_already = this person has reviewed the product; a review can be edited
    reviews.nothing_said = a review has some words
    reviews.unknown_review = there is no such review, or it is somebody else's
    reviews.own_review = nobody finds their own review helpful

command = reviews.write
    about = Review a product. Everybody reads it once moderation has approved it.
    refuses = shop.not_signed_in
    refuses = reviews.unknown_product
    refuses = reviews.id_taken
    refuses = reviews.reviewed_already
    refuses = reviews.nothing_said
    fields
        review_id = id
        product_id = id
        stars = u8 1..5
        title = text 120
        text = text 4000

command = reviews.edit
    about = Say it in other words. They are judged again, and until then everybody reads those from before.
    refuses = shop.not_signed_in
    refuses = reviews.unknown_review
    refuses = reviews.nothing_said
    fields
        review_id = id
        stars = u8 1..5
        title = text 120
        text = text 4000

command = reviews.remove
    about = Take one's review back.
    refuses = shop.not_signed_in
    refuses = reviews.unknown_review
    fields
        review_id = id

command = reviews.mark
    about = "Find somebody's review helpful, or not any more."
    refuses = shop.not_signed_in
    refuses = reviews.unknown_review
    refuses = reviews.own_review
    fields
        review_id = id
        is_helpful = bool

event = reviews.written
    about = A review has words, its first ones or others.
    stream = reviews.internal
    key = review_id
    audience = role staff
    audience = role admin
    after = reviews.write
    after = reviews.edit
    fields
        review_id = id
        product_id = id
        author = id
        is_verified = bool, they have bought the product
        words = review_words
        revision = u32, from 1; a verdict names the one that it is about
        written_ms = time, the first revision

event = reviews.verified
    about = Its author has bought the product since.
    stream = reviews.internal
    key = review_id
    after = orders.confirmed
    after = orders.adopted
    fields
        review_id = id

event = reviews.judged
    about = A verdict on its latest words has come.
    stream = reviews.internal
    key = review_id
    audience = role staff
    audience = role admin
    after = moderation.judged
    fields
        review_id = id
        is_approved = bool
        reason = text 200, of a refusal

event = reviews.removed
    about = Its author has taken it back.
    stream = reviews.internal
    key = review_id
    after = reviews.remove
    fields
        review_id = id

event = reviews.marked
    about = "Somebody finds it helpful, or not any more."
    stream = reviews.internal
    key = review_id
    after = reviews.mark
    fields
        review_id = id
        person = id
        is_helpful = bool

event = review.kept
    about = What its author and the staff may know of a review is this, from now on.
    stream = reviews.own
    key = review_id
    audience = person author
    after = reviews.write
    after = reviews.edit
    after = reviews.remove
    after = moderation.judged
    after = orders.confirmed
    after = orders.adopted
    fields
        review_id = id
        product_id = id
        author = id
        is_verified = bool
        words = review_words, the latest
        revision = u32
        state = review_state
        reason = text 200, of a refusal
        is_shown = bool, everybody reads these words or older ones
        written_ms = time

event = review.updated
    about = What everybody may know of a review is this, from now on.
    stream = reviews
    key = review_id
    after = reviews.remove
    after = reviews.mark
    after = moderation.judged
    after = orders.confirmed
    after = orders.adopted
    fields
        review_id = id
        product_id = id
        author = id
        is_verified = bool
        words = review_words optional, none when nobody is to read it any more
        helpful = u32, people who find it so
        written_ms = time

row = review
    about = A review and where it stands.
    table = reviews
    stream = reviews.internal
    key = review_id
    fields
        review_id = id
        product_id = id
        author = id
        is_verified = bool
        words = review_words
        revision = u32
        state = review_state
        reason = text 200
        shown = review_words optional, those that everybody reads
        helpful = u32
        written_ms = time

row = reviewed
    about = That somebody has reviewed a product.
    table = reviewed
    stream = reviews.internal
    key = author
    key = product_id
    fields
        author = id
        product_id = id
        review_id = id

row = helpful_mark
    about = That somebody finds a review helpful.
    table = helpful_marks
    stream = reviews.internal
    key = review_id
    key = person
    fields
        review_id = id
        person = id

row = known_product
    about = A product that was in the shop, and may be there still.
    table = known_products
    stream = catalog
    key = product_id
    fields
        product_id = id

row = basket
    about = The products of an order that may yet be confirmed, or was.
    table = baskets
    stream = orders
    key = order_id
    fields
        order_id = id
        owner = id
        products = list 50 of id
        is_confirmed = bool

row = bought
    about = That somebody has bought a product.
    table = bought
    stream = orders
    key = person
    key = product_id
    fields
        person = id
        product_id = id

#   ---- moderation --------------------------------------------------------------

stream = moderation
    about = Verdicts, what waits for one, and the words that are not wanted.
    audience = internal

enum = finding
    about = What struck moderation in a review.
    values
        word = 0, one that is not wanted
        link = 1
        shouting = 2, it is written in capitals
        repeats = 3, the same letter or word over and over
        said_before = 4, its author has said the same of another product

enum = ruling_state
    about = What moderation thinks of a review.
    values
        queued = 0, a person has to look at it
        approved = 1
        refused = 2

record = forbidden_word
    about = A word that is not wanted.
    fields
        word = text 40, in small letters
        is_refused = bool, at once; else somebody looks at the review

refusals
    moderation.no_word = one word is meant
    moderation.unknown_review = there is no such review
    moderation.changed = its author has written it anew; look at it again
    moderation.no_reason = a refusal has a reason, which its author reads

command = moderation.forbid
    about = Look at reviews with this word, or refuse them, from now on.
    refuses = shop.staff_only
    refuses = moderation.no_word
    fields
        word = text 40
        is_refused = bool, at once; else somebody looks at the review

command = moderation.allow
    about = The word is as good as any other again.
    refuses = shop.staff_only
    refuses = moderation.no_word
    fields
        word = text 40

command = moderation.approve
    about = Let everybody read a review.
    refuses = shop.staff_only
    refuses = moderation.unknown_review
    refuses = moderation.changed
    fields
        review_id = id
        revision = u32, that was looked at
        note = text 200 default "", for the staff

command = moderation.refuse
    about = Let nobody read it, whether it was read so far or not.
    refuses = shop.staff_only
    refuses = moderation.unknown_review
    refuses = moderation.changed
    refuses = moderation.no_reason
    fields
        review_id = id
        revision = u32, that was looked at
        reason = text 200
        note = text 200 default "", for the staff

query = moderation.words
    about = The words that are not wanted, by the alphabet.
    refuses = shop.staff_only
    fields
        from = text 40 optional, what the page before named
    reply
        fields
            words = list 100 of forbidden_word
            next = text 40 optional, where the next page begins

event = moderation.forbidden
    about = A word is not wanted.
    stream = moderation
    key = word
    after = moderation.forbid
    fields
        word = text 40, in small letters
        is_refused = bool
        by = id optional, of the staff

event = moderation.allowed
    about = A word is not unwanted any more.
    stream = moderation
    key = word
    after = moderation.allow
    fields
        word = text 40, in small letters
        by = id optional, of the staff

event = moderation.queued
    about = A person has to look at a review.
    stream = moderation
    key = review_id
    after = reviews.written
    fields
        review_id = id
        revision = u32
        finding = finding, what struck first
        word = text 40, the one that is not wanted

event = moderation.judged
    about = What moderation thinks of one revision of a review.
    stream = moderation
    key = review_id
    after = reviews.written
    after = moderation.approve
    after = moderation.refuse
    fields
        review_id = id
        revision = u32
        is_approved = bool
        reason = text 200, of a refusal
        by = id optional, the person who has judged
        note = text 200 default "", for the staff

event = moderation.dropped
    about = It is gone; nobody has to look at it.
    stream = moderation
    key = review_id
    after = reviews.removed
    fields
        review_id = id

row = bad_word
    about = A word that is not wanted.
    table = bad_words
    stream = moderation
    key = word
    fields
        word = text 40
        is_refused = bool

row = ruling
    about = What was said of a review last.
    table = rulings
    stream = moderation
    key = review_id
    fields
        review_id = id
        revision = u32
        state = ruling_state

row = judged_review
    about = A review, as far as its judge has to know it.
    table = judged_reviews
    stream = reviews.internal
    key = review_id
    fields
        review_id = id
        revision = u32

row = said
    about = What somebody has said last, and last of another product.
    table = said
    stream = reviews.internal
    key = author
    fields
        author = id
        product_id = id, that it was last about
        text = text 4000
        text_before = text 4000, what was last said of another product

#   ---- query: reviews ----------------------------------------------------------------

enum = review_order
    about = How reviews are listed.
    values
        newest = 0, the latest first
        helpful = 1, what most people find so first
        best = 2, the most stars first
        worst = 3, the fewest stars first

record = stars
    about = What people think of a product.
    fields
        average = u16, "hundredths of a star, 0 without reviews"
        reviews = u32
        counts = list 5 of u32, "of reviews with one star, two, and so on"

record = shown_review
    about = A review as everybody reads it.
    fields
        review_id = id
        author_name = text 60
        is_verified = bool, they have bought the product
        words = review_words
        helpful = u32, people who find it so
        written_ms = time

record = own_review_card
    about = A review as its author sees it.
    fields
        review_id = id
        product_id = id
        product_slug = text 60
        product_title = text 100
        is_verified = bool
        words = review_words, the latest
        state = review_state
        reason = text 200, of a refusal
        is_shown = bool, everybody reads these words or older ones
        helpful = u32
        written_ms = time

record = queued_review
    about = A review that waits for staff.
    fields
        review_id = id
        revision = u32, to be named with the verdict
        product_id = id
        product_slug = text 60
        product_title = text 100
        author = id
        author_name = text 60
        is_verified = bool
        words = review_words
        is_shown = bool, everybody reads older words of it
        finding = finding, why it waits
        word = text 40, the one that is not wanted
        queued_ms = time

enum = review_turn
    about = What moderation did with a review.
    values
        queued = 0, somebody has to look at it
        approved = 1
        refused = 2
        dropped = 3, it was gone

record = review_step
    about = What moderation did with words of a review.
    fields
        at_ms = time
        turn = review_turn
        revision = u32, that it was about; 0 when it was gone
        finding = finding optional, what struck
        word = text 40, the one that is not wanted
        reason = text 200, of a refusal
        note = text 200, for the staff
        by = id optional, of the staff; rules did it else
        by_name = text 60

query = query.review_log
    about = "What moderation did with a review so far, the first first, and the words that everybody reads."
    refuses = shop.staff_only
    fields
        review_id = id
    reply
        fields
            shown = review_words optional
            steps = list 50 of review_step, the first 50

query = query.reviews
    about = What people think of a product, and say about it.
    refuses = query.unknown_product
    fields
        product_id = id
        sort = review_order default newest
        from = text 120 optional, what the page before named
    reply
        fields
            stars = stars
            reviews = list 10 of shown_review
            next = text 120 optional, "where the next page begins, in the order that the first page had; for 4096 moves in it"
            is_anew = bool optional, "said when so: it has moved more than 4096 times since, and the page goes on in the list as it stands now"

query = query.my_review
    about = "What whoever asks has said about a product, if anything."
    refuses = shop.not_signed_in
    fields
        product_id = id
    reply
        fields
            review = own_review_card optional

query = query.my_reviews
    about = "Reviews of whoever asks, the latest first."
    refuses = shop.not_signed_in
    fields
        from = text 100 optional, what the page before named
    reply
        fields
            reviews = list 10 of own_review_card
            next = text 100 optional, where the next page begins

query = query.moderation
    about = "Reviews that wait for staff, the longest first."
    refuses = shop.staff_only
    fields
        from = text 100 optional, what the page before named
    reply
        fields
            reviews = list 10 of queued_review
            next = text 100 optional, where the next page begins

row = page_review
    about = A review that everybody may read.
    table = page_reviews
    stream = reviews
    key = review_id
    fields
        review_id = id
        product_id = id
        author = id
        is_verified = bool
        words = review_words
        helpful = u32
        written_ms = time

row = star_count
    about = How many reviews of a product have how many stars.
    table = star_counts
    stream = reviews
    key = product_id
    fields
        product_id = id
        counts = list 5 of u32

row = own_review
    about = A review as its author may see it.
    table = own_reviews
    stream = reviews.own
    key = review_id
    fields
        review_id = id
        product_id = id
        author = id
        is_verified = bool
        words = review_words
        revision = u32
        state = review_state
        reason = text 200
        is_shown = bool
        written_ms = time

row = own_review_of
    about = What somebody has said about a product.
    table = own_reviews_of
    stream = reviews.own
    key = author
    key = product_id
    fields
        author = id
        product_id = id
        review_id = id

row = own_review_list
    about = A review in its author's list.
    table = own_review_lists
    stream = reviews.own
    key = author
    key = before_ms
    key = review_id
    fields
        author = id
        before_ms = u64, the time until the end of time
        review_id = id

row = waiting_review
    about = "A review that waits for staff, in the order of waiting."
    table = waiting_reviews
    stream = moderation
    key = queued_ms
    key = review_id
    fields
        queued_ms = time
        review_id = id
        revision = u32
        finding = finding
        word = text 40

row = waiting_since
    about = Since when a review waits.
    table = waiting_since
    stream = moderation
    key = review_id
    fields
        review_id = id
        queued_ms = time

row = review_log
    about = What moderation did with a review.
    table = review_logs
    stream = moderation
    key = review_id
    key = number
    fields
        review_id = id
        number = u64, of the event
        step = review_step, without names

row = author_name
    about = What somebody wants to be called.
    table = author_names
    stream = accounts
    key = person_id
    fields
        person_id = id
        name = text 60
        since_ms = time
        has_left = bool

#   ---- cards: the processor's sandbox --------------------------------------------

enum = card_manner
    about = How a test card behaves.
    values
        pays = 0, 4242 4242 4242 4242
        declined = 1, 4000 0000 0000 0002
        insufficient_funds = 2, 4000 0000 0000 9995
        expired_card = 3, 4000 0000 0000 0069
        wrong_code = 4, 4000 0000 0000 0127
        wants_step = 5, 4000 0027 6000 3184
        pays_late = 6, "4000 0000 0000 0259, after eight seconds"
        pays_twice = 7, "4000 0000 0000 0341: says so twice"
        never_answers = 8, 4000 0000 0000 0119
        unknown = 9, any other

enum = charge_outcome
    about = What the processor says of a charge.
    values
        authorised = 0
        declined = 1
        step_needed = 2

command = cards.keep
    about = "Let the processor know a card; the shop knows its token only."
    fields
        card = id, its token from now on
        number = text 19 personal, digits and spaces
        code = text 4 personal
        month = u8 1..12
        year = u16 2000..2100

command = cards.authorise
    about = Hold money. The answer is an event.
    refuses = cards.too_late
    fields
        charge_id = id
        card = id
        amount = money

command = cards.take_step
    about = The card's owner shows who they are, with a code.
    refuses = cards.unknown_charge
    refuses = cards.too_late
    fields
        charge_id = id
        code = text 8, "1234 is right"

command = cards.capture
    about = Take what is held.
    refuses = cards.unknown_charge
    refuses = cards.too_late
    fields
        charge_id = id

command = cards.void
    about = Hold nothing, now or later.
    refuses = cards.too_late
    fields
        charge_id = id

command = cards.refund
    about = Give back some of what was taken.
    refuses = cards.unknown_charge
    refuses = cards.too_late
    fields
        charge_id = id
        refund_id = id
        amount = money

event = cards.kept
    about = A card is known.
    stream = cards
    key = card
    after = cards.keep
    fields
        card = id
        last4 = text 4
        manner = card_manner

event = cards.asked
    about = The shop wants money to be held.
    stream = cards
    key = charge_id
    after = cards.authorise
    fields
        charge_id = id
        amount = money
        manner = card_manner

event = cards.answered
    about = What comes of it.
    stream = cards
    key = charge_id
    after = cards.authorise
    after = cards.take_step
    after = timer answer
    fields
        charge_id = id
        outcome = charge_outcome
        reason = decline_reason optional, of a decline

event = cards.captured
    about = The money is taken.
    stream = cards
    key = charge_id
    after = cards.capture
    fields
        charge_id = id

event = cards.voided
    about = Nothing is held.
    stream = cards
    key = charge_id
    after = cards.void
    fields
        charge_id = id

event = cards.refunded
    about = Money has gone back.
    stream = cards
    key = charge_id
    after = cards.refund
    fields
        charge_id = id
        refund_id = id
        amount = money

row = card
    about = A card.
    table = cards
    stream = cards
    key = card
    fields
        card = id
        last4 = text 4
        manner = card_manner

row = charge
    about = Money of a card.
    table = charges
    stream = cards
    key = charge_id
    fields
        charge_id = id
        amount = money
        manner = card_manner
        state = payment_state
        back = u64, minor units that have gone back

row = gone_back
    about = A refund that was done.
    table = gone_back
    stream = cards
    key = refund_id
    fields
        refund_id = id

#   ---- query: what pages show ------------------------------------------------------

query = query.categories
    about = All categories, in their order.
    reply
        fields
            categories = list 100 of category_card

query = query.home
    about = What the shop's front page shows.
    reply
        fields
            newest = list 8 of product_card
            popular = list 8 of product_card
            categories = list 100 of category_card

query = query.products
    about = "Products that are for sale, those that pass all filters. The first page says what further filters would leave."
    fields
        category = text 32 optional
        sort = sort_order default newest
        from = text 120 optional, what the page before named
        only_available = bool default false
        price_min = u64 optional, minor units
        price_max = u64 optional
        text = text 60 optional, that stands in the title or the summary
        traits = list 8 of text 93 default empty, "name:value; values of one name are alternatives"
    reply
        fields
            products = list 24 of product_card
            next = text 120 optional, "where the next page begins, in the order that the first page had; for 4096 moves in it"
            found = u32 optional, "of the first page: how many of 2000 pass"
            lowest = u64 optional, "of the first page: minor units, the price filter left aside"
            highest = u64 optional
            facets = list 100 of facet, "of the first page: by name, the most products first; of more, those that leave most"
            is_anew = bool optional, "said when so: it has moved more than 4096 times since, and the page goes on in the list as it stands now"

query = query.product
    about = A product's page.
    refuses = query.unknown_product
    fields
        slug = text 60
    reply
        fields
            product_id = id
            slug = text 60
            title = text 100
            summary = text 300
            text = text 8000
            category = text 32
            state = product_state
            articles = list 24 of article_state
            pictures = list 12 of picture
            also_in = list 4 of text 32
            traits = list 12 of trait

query = query.my_orders
    about = "Orders of whoever asks, the latest first."
    refuses = shop.not_signed_in
    fields
        from = text 100 optional, what the page before named
    reply
        fields
            orders = list 24 of order_card
            next = text 100 optional, where the next page begins

query = query.order
    about = "An order's page, for its owner and for staff."
    refuses = query.unknown_order
    fields
        order_id = id
    reply
        fields
            order_id = id
            owner = id
            state = order_state
            lines = list 50 of order_line
            total = money
            returned = u64, minor units that have been given back
            history = list 40 of history_step
            number = u32
            placed_ms = time

#   ---- query: the back office -------------------------------------------------------

query = query.today
    about = The shop at a glance.
    refuses = shop.staff_only
    reply
        fields
            days = list 92 of day_sales, "the latest first, in UTC; days without a sale are left out"
            orders_waiting = u32, "placed, and neither confirmed nor cancelled yet"
            orders_stepping = u32, "of these, that wait for their card's owner"
            low_stock = list 20 of low_stock_line, "5 units at most, the fewest first"
            reviews_waiting = u32, "for staff, 100 at most"
            today = sales optional, "since midnight, as are all days in UTC"
            day_before = sales optional, "the whole of it"
            week = sales optional, "seven days, today included"
            week_before = sales optional, the seven days before these
            best_sellers = list 8 of best_seller default empty, "of the last 28 days: of the 24 that are most popular, those with most units"

query = query.office_products
    about = All products, by title.
    refuses = shop.staff_only
    fields
        state = product_state optional
        from = text 120 optional, what the page before named
        text = text 60 optional, "that stands in the title, the address or an article's number; 2000 products a page are looked at"
    reply
        fields
            products = list 50 of office_card
            next = text 120 optional, "where the next page begins, in the order that the first page had; for 4096 moves in it"
            is_anew = bool optional, "said when so: it has moved more than 4096 times since, and the page goes on in the list as it stands now"

query = query.office_product
    about = A product with its stock and the history of its prices.
    refuses = shop.staff_only
    refuses = query.unknown_product
    fields
        product_id = id
    reply
        fields
            product_id = id
            version = u64, what catalog.write takes for seen
            slug = text 60
            title = text 100
            summary = text 300
            text = text 8000
            category = text 32
            also_in = list 4 of text 32
            state = product_state
            since_ms = time
            articles = list 24 of office_article
            pictures = list 12 of picture
            traits = list 12 of trait
            prices = list 100 of price_step, the latest first

query = query.stock
    about = "What there is of each article, by sku."
    refuses = shop.staff_only
    fields
        from = text 32 optional, what the page before named
        begins = text 32 optional, how the article's number begins
    reply
        fields
            articles = list 50 of stock_card
            next = text 32 optional

query = query.stock_history
    about = "What has happened to an article's stock, the latest first."
    refuses = shop.staff_only
    fields
        sku = text 32
        from = u64 optional, what the page before named
    reply
        fields
            steps = list 50 of stock_step
            next = u64 optional

query = query.orders
    about = "All orders, the latest first."
    refuses = shop.staff_only
    fields
        from = text 100 optional, what the page before named
        state = order_state optional, only those that stand there
        owner = id optional, only those of one customer; whatever their state
        number = u32 optional, only this one
        is_open = bool default false, only those that are on their way
    reply
        fields
            orders = list 24 of order_card
            next = text 100 optional, where the next page begins
            standing = list 7 of u32 default empty, "how many there are in each state, in the states' order"

query = query.order_log
    about = "All that has happened to an order, in orders, inventory and payments, and who did it."
    refuses = shop.staff_only
    refuses = query.unknown_order
    fields
        order_id = id
    reply
        fields
            events = list 200 of order_event
            people = list 24 of person_name default empty, "of the staff, who did some of it"

query = query.customers
    about = Who has registered or ordered.
    refuses = shop.staff_only
    fields
        sort = customer_order default newest
        from = text 120 optional, what the page before named
    reply
        fields
            customers = list 50 of customer_card
            next = text 120 optional, "where the next page begins, in the order that the first page had; for 4096 moves in it"
            is_anew = bool optional, "said when so: it has moved more than 4096 times since, and the page goes on in the list as it stands now"

query = query.customer
    about = A customer.
    refuses = shop.staff_only
    refuses = query.unknown_customer
    fields
        person_id = id
    reply
        fields
            customer = customer_card

query = query.customer_reviews
    about = "What a customer has said about products, the latest first."
    refuses = shop.staff_only
    fields
        person_id = id
        from = text 100 optional, what the page before named
    reply
        fields
            reviews = list 10 of own_review_card
            next = text 100 optional, where the next page begins

query = query.deeds
    about = "Who of the staff did what, the latest first."
    refuses = shop.staff_only
    fields
        by = id optional, only what this person did
        from = text 100 optional, what the page before named
    reply
        fields
            deeds = list 50 of deed_line
            next = text 100 optional, where the next page begins

row = product_page
    about = A product as its page shows it.
    table = product_pages
    stream = catalog
    key = product_id
    fields
        product_id = id
        slug = text 60
        title = text 100
        summary = text 300
        text = text 8000
        category = text 32
        state = product_state
        since_ms = time
        articles = list 24 of article
        pictures = list 12 of picture
        also_in = list 4 of text 32
        traits = list 12 of trait
        version = u64
        changed_ms = time

row = price_history
    about = A price that an article had from then on.
    table = price_histories
    stream = catalog
    key = product_id
    key = before
    fields
        product_id = id
        before = u64, "the event's number, counted down"
        step = price_step

row = page_slug
    about = Which page has this address.
    table = page_slugs
    stream = catalog
    key = slug
    fields
        slug = text 60
        product_id = id

row = page_sku
    about = Which page has this article.
    table = page_skus
    stream = catalog
    key = sku
    fields
        sku = text 32
        product_id = id

row = page_category
    about = A category.
    table = page_categories
    stream = catalog
    key = place
    key = category
    fields
        category = text 32
        title = text 80
        text = text 300
        place = u32

row = category_place
    about = Where a category stands.
    table = category_places
    stream = catalog
    key = category
    fields
        category = text 32
        place = u32

row = stock_change
    about = A change of a stock.
    table = stock_changes
    stream = inventory
    key = sku
    key = before
    fields
        sku = text 32
        before = u64, "the event's number, counted down"
        step = stock_step

row = low_stock
    about = "An article of which there is little, the fewest first."
    table = low_stocks
    key = available
    key = sku
    fields
        available = u32
        sku = text 32
        line = low_stock_line

row = list_entry
    about = "A product, a review or a customer in a list, in the list's order."
    table = list_entries
    key = list
    key = place
    key = id
    fields
        list = text 40, "what is listed, the sort order's number, and of which category, product or state"
        place = text 64, that sorts it
        id = id

row = moved_by_catalog
    about = "Where something stood in its lists before catalog moved it."
    table = moved_by_catalog
    stream = catalog
    key = kind
    key = sort
    key = before
    fields
        kind = u8, the letter of what is listed
        sort = u8, the sort order's number
        before = u64, "the greatest there is less the number of the move: the latest first"
        id = id
        place = text 64, where it stood before

row = moved_by_orders
    about = "Where something stood in its lists before orders moved it."
    table = moved_by_orders
    stream = orders
    key = kind
    key = sort
    key = before
    fields
        kind = u8, the letter of what is listed
        sort = u8, the sort order's number
        before = u64, "the greatest there is less the number of the move: the latest first"
        id = id
        place = text 64, where it stood before

row = moved_by_reviews
    about = "Where something stood in its lists before reviews moved it."
    table = moved_by_reviews
    stream = reviews
    key = kind
    key = sort
    key = before
    fields
        kind = u8, the letter of what is listed
        sort = u8, the sort order's number
        before = u64, "the greatest there is less the number of the move: the latest first"
        id = id
        place = text 64, where it stood before

row = shelf_card
    about = A product as lists show it.
    table = shelf_cards
    key = product_id
    fields
        product_id = id
        card = product_card
        also_in = list 4 of text 32
        traits = list 12 of trait

row = popularity
    about = How much of a product was sold of late.
    table = popularities
    stream = orders
    key = product_id
    fields
        product_id = id
        day = u32, of its last sale, since 1970
        score = u64, "units, each worth half after 14 days, in 1/65536"

row = order_page
    about = An order as its page shows it.
    table = order_pages
    stream = orders
    key = order_id
    fields
        order_id = id
        owner = id
        state = order_state
        lines = list 50 of order_line
        total = money
        returned = u64
        placed_ms = time
        changed_ms = time
        history = list 40 of history_step
        number = u32
        was_confirmed = bool

row = order_log
    about = A step in an order's life.
    table = order_logs
    stream = orders
    key = order_id
    key = number
    fields
        order_id = id
        number = u64, of the event
        event = order_event

row = order_stock_log
    about = What inventory has done for an order.
    table = order_stock_logs
    stream = inventory
    key = order_id
    key = number
    fields
        order_id = id
        number = u64, of the event
        event = order_event

row = order_money_log
    about = What payments has done for an order.
    table = order_money_logs
    stream = payments
    key = order_id
    key = number
    fields
        order_id = id
        number = u64, of the event
        event = order_event

row = order_number
    about = Which order has this number.
    table = order_numbers
    stream = orders
    key = number
    fields
        number = u32
        order_id = id

row = order_list
    about = "An order in its owner's list, and in everybody's, whose owner is zero: of all states, and of its own."
    table = order_lists
    key = owner
    key = filter
    key = before_ms
    key = order_id
    fields
        owner = id
        filter = u8, "0, the state's number and 1, or 255: those on their way"
        before_ms = u64, the time until the end of time
        order_id = id

row = orders_standing
    about = How many orders stand there.
    table = orders_standing
    stream = orders
    key = state
    fields
        state = u8, its number
        orders = u32

row = sales_day
    about = What a day brought.
    table = sales_days
    stream = orders
    key = before_day
    key = currency
    fields
        before_day = u32, "the day since 1970, counted down"
        currency = text 3
        orders = u32
        units = u32
        minor = u64
        returned = u64

row = product_sales
    about = What a day brought of a product.
    table = product_sales
    stream = orders
    key = product_id
    key = before_day
    fields
        product_id = id
        before_day = u32, "the day since 1970, counted down"
        units = u32
        sold = money

row = catalog_deed
    about = What staff did, as catalog says.
    table = catalog_deeds
    stream = catalog
    key = number
    fields
        number = u64, of the event
        line = deed_line, without names

row = stock_deed
    about = What staff did, as inventory says.
    table = stock_deeds
    stream = inventory
    key = number
    fields
        number = u64, of the event
        line = deed_line, without names

row = order_deed
    about = What staff did, as orders says.
    table = order_deeds
    stream = orders
    key = number
    fields
        number = u64, of the event
        line = deed_line, without names

row = people_deed
    about = What staff did, as accounts says.
    table = people_deeds
    stream = accounts
    key = number
    fields
        number = u64, of the event
        line = deed_line, without names

row = moderation_deed
    about = What staff did, as moderation says.
    table = moderation_deeds
    stream = moderation
    key = number
    fields
        number = u64, of the event
        line = deed_line, without names

row = deed_list
    about = "Something that staff did, in the list of whoever did it, and in everybody's, whose id is zero."
    table = deed_lists
    key = who
    key = before_ms
    key = stream
    key = before
    fields
        who = id
        before_ms = u64, the time until the end of time
        stream = u8, in which it stands
        before = u64, "the event's number, counted down"

row = buyer
    about = What somebody has bought.
    table = buyers
    stream = orders
    key = person_id
    fields
        person_id = id
        since_ms = time, the first order
        last_ms = time, the last one that was confirmed; 0 for none
        orders = u32
        spent = money
