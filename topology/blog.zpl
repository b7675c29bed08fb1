#   A small blog. `man souk.topology` says what may stand here, `souk check` whether it fits together.

system = blog
    about = Posts with comments that are moderated.
    messages = ../examples/blog/blog.messages.zpl
    trim_after = recorded                   #   a demo keeps no backups

event_store = es1
    about = Records what happened.

service = posts
    about = What is written.
    program = blog-posts
    stream = posts

#   Comments tells its moderator everything, and the world one thing: a comment was updated.
service = comments
    about = What readers say about posts.
    program = blog-comments
    stream = comments
    stream = comments.internal
    follow = posts
    follow = moderation

service = moderation
    about = Which comments may be seen.
    program = blog-moderation
    stream = moderation
    follow = comments.internal

service = query
    about = Pages: a post with its comments.
    program = blog-query
    follow = posts
    follow = comments

#   A year later somebody wants to know who comments most: take away what stands in front of these lines.
#service = regulars
#    about = Who has how much to say.
#    program = blog-regulars
#    follow = comments

#   What a browser talks to.
client = bridge
    about = HTTP in front of the services.
    program = souk-bridge
    listen = 127.0.0.1:8080
    routes = ../examples/blog/blog.routes.zpl
    call = posts
    call = comments
    call = moderation
    query = query
