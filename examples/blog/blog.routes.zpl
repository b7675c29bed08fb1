#   The blog over HTTP. `man souk.routes` says what may stand here.

routes = blog
    about = Posts and their comments.
    refusals
        posts.unknown_post = 404
        posts.not_yours = 403
        comments.unknown_post = 404
        comments.unknown_comment = 404
        comments.not_yours = 403
        moderation.no_word = 422

#   posts

route = GET /api/posts
    query = query.posts

route = GET /api/posts/{post_id}
    query = query.post

route = POST /api/posts
    command = posts.publish
    location = /api/posts/{post_id}

route = PUT /api/posts/{post_id}
    command = posts.edit

route = DELETE /api/posts/{post_id}
    command = posts.withdraw

#   comments

route = POST /api/posts/{post_id}/comments
    command = comments.submit

route = PUT /api/comments/{comment_id}
    command = comments.edit

route = DELETE /api/comments/{comment_id}
    command = comments.remove

#   moderation

route = PUT /api/words/{word}
    command = moderation.forbid

route = DELETE /api/words/{word}
    command = moderation.allow
