
#   Pages whose script reads the rest of the address.

page = /p/{slug}
    file = /p.html

page = /shop/{category}
    file = /shop.html

page = /orders/{order_id}
    file = /order.html
