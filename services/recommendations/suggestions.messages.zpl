#   What recommendations is asked, and what it keeps; its events are those of the shop.

application = suggestions
    about = What is bought together.

record = suggestion
    about = A product that is bought with another one.
    fields
        product_id = id
        slug = text 60
        title = text 100
        price = money, of its cheapest variant
        picture_name = text 60, "of the file without its size and kind, nothing without a picture"
        picture_alt = text 160
        orders = u32, that had both

query = recommendations.together
    about = "What is bought with a product, the most often first?"
    fields
        product_id = id
    reply
        fields
            products = list 8 of suggestion

row = suggested_product
    about = A product as it is suggested.
    table = suggested_products
    stream = catalog
    key = product_id
    fields
        product_id = id
        is_published = bool
        suggestion = suggestion

row = open_order
    about = The products of an order that may yet be confirmed.
    table = open_orders
    stream = orders
    key = order_id
    fields
        order_id = id
        products = list 50 of id

row = pair
    about = How many orders had both products.
    table = pairs
    stream = orders
    key = product_id
    key = other_id
    fields
        product_id = id
        other_id = id
        orders = u32

row = ranked_pair
    about = "The same, the most orders first."
    table = ranked_pairs
    stream = orders
    key = product_id
    key = rank
    key = other_id
    fields
        product_id = id
        rank = u32, "the orders that had both, taken from the highest number"
        other_id = id
