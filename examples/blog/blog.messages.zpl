#   Everything that the services of the blog say to each other, and what they keep.

application = blog
    about = A blog whose readers comment, and whose comments are judged before everybody sees them.

#   Streams: each has one writer.

stream = posts
    about = What authors publish, change and withdraw.
    audience = public

stream = comments
    about = What the world may know of a comment.
    audience = public

stream = comments.internal
    about = Each step in the life of a comment, for those who work on it.
    audience = internal

stream = moderation
    about = Verdicts, and the words that are not wanted.
    audience = internal

enum = comment_state
    about = Where a comment stands.
    values
        waiting = 0, nobody has judged it yet
        approved = 1, everybody may read it
        refused = 2
        removed = 3, its author has taken it back

enum = verdict
    about = What moderation thinks of a comment.
    values
        approved = 0
        bad_word = 1
        too_many_links = 2
        too_often = 3, its author has written too much within a minute

record = place
    about = Where the next page begins.
    fields
        at_ms = time
        id = id

record = shown_comment
    about = A comment as readers see it.
    fields
        comment_id = id
        author = text 40
        text = text 2000, nothing unless it is approved
        state = comment_state
        submitted_ms = time

record = headline
    about = A post as the front page shows it.
    fields
        post_id = id
        title = text 120
        author = text 40
        published_ms = time
        comments = u32, that are approved

refusals
    posts.id_taken = there is a post of this id
    posts.unknown_post = there is no such post
    posts.not_yours = only its author may do that
    comments.id_taken = there is a comment of this id
    comments.unknown_post = there is no such post
    comments.unknown_comment = there is no such comment
    comments.not_yours = only its author may do that
    moderation.no_word = one word is meant
    query.unknown_post = there is no such post

#   posts

command = posts.publish
    about = Put a post on the blog.
    refuses = posts.id_taken
    fields
        post_id = id
        author = text 40
        title = text 120
        body = text 20000

command = posts.edit
    about = Write it anew.
    refuses = posts.unknown_post
    refuses = posts.not_yours
    fields
        post_id = id
        author = text 40
        title = text 120
        body = text 20000

command = posts.withdraw
    about = Take it off the blog, with all that was said about it.
    refuses = posts.unknown_post
    refuses = posts.not_yours
    fields
        post_id = id
        author = text 40

event = posts.published
    about = A post is on the blog.
    stream = posts
    key = post_id
    after = posts.publish
    fields
        post_id = id
        author = text 40
        title = text 120
        body = text 20000
        published_ms = time

event = posts.edited
    about = Its author has written it anew.
    stream = posts
    key = post_id
    after = posts.edit
    fields
        post_id = id
        title = text 120
        body = text 20000

event = posts.withdrawn
    about = It is not there any more.
    stream = posts
    key = post_id
    after = posts.withdraw
    fields
        post_id = id

row = post_author
    about = Whose post it is: all that posts has to know when it decides.
    table = post_authors
    stream = posts
    key = post_id
    fields
        post_id = id
        author = text 40

#   comments

command = comments.submit
    about = Say something about a post.
    refuses = comments.id_taken
    refuses = comments.unknown_post
    fields
        comment_id = id
        post_id = id
        author = text 40
        text = text 2000

command = comments.edit
    about = Say it in other words; they are judged again.
    refuses = comments.unknown_comment
    refuses = comments.not_yours
    fields
        comment_id = id
        author = text 40
        text = text 2000

command = comments.remove
    about = Take it back.
    refuses = comments.unknown_comment
    refuses = comments.not_yours
    fields
        comment_id = id
        author = text 40

event = comments.written
    about = A comment has a text: its first one, or another one.
    stream = comments.internal
    key = comment_id
    after = comments.submit
    after = comments.edit
    fields
        comment_id = id
        post_id = id
        author = text 40
        text = text 2000
        revision = u32, from 1; a verdict names the one that it is about
        submitted_ms = time

event = comments.judged
    about = A verdict on its present text has come.
    stream = comments.internal
    key = comment_id
    after = moderation.judged
    fields
        comment_id = id
        state = comment_state

event = comments.removed
    about = Its author has taken it back.
    stream = comments.internal
    key = comment_id
    after = comments.remove
    fields
        comment_id = id

event = comment.updated
    about = What the world may know of a comment is this, from now on.
    stream = comments
    key = comment_id
    after = comments.submit
    after = comments.edit
    after = comments.remove
    after = moderation.judged
    fields
        comment_id = id
        post_id = id
        author = text 40
        text = text 2000, nothing unless it is approved
        state = comment_state
        submitted_ms = time

row = open_post
    about = A post that can be commented on.
    table = open_posts
    stream = posts
    key = post_id
    fields
        post_id = id

row = comment
    about = A comment and where it stands.
    table = comments
    stream = comments.internal
    key = comment_id
    fields
        comment_id = id
        post_id = id
        author = text 40
        text = text 2000
        revision = u32
        state = comment_state
        submitted_ms = time

#   moderation

command = moderation.forbid
    about = Comments with this word are refused from now on.
    refuses = moderation.no_word
    fields
        word = text 40

command = moderation.allow
    about = The word is as good as any other again.
    refuses = moderation.no_word
    fields
        word = text 40

event = moderation.forbidden
    about = A word is not wanted.
    stream = moderation
    key = word
    after = moderation.forbid
    fields
        word = text 40, in small letters

event = moderation.allowed
    about = A word is not unwanted any more.
    stream = moderation
    key = word
    after = moderation.allow
    fields
        word = text 40, in small letters

event = moderation.judged
    about = What moderation thinks of one revision of a comment.
    stream = moderation
    key = comment_id
    after = comments.written
    fields
        comment_id = id
        revision = u32
        verdict = verdict

row = bad_word
    about = A word that is not wanted.
    table = bad_words
    stream = moderation
    key = word
    fields
        word = text 40

row = pace
    about = When an author last wrote.
    table = paces
    stream = comments.internal
    key = author
    fields
        author = text 40
        written_ms = list 4 of time, the latest ones, oldest first

#   query

query = query.posts
    about = What is on the blog, newest first?
    fields
        from = place optional, the `next` of the page before
    reply
        fields
            posts = list 20 of headline
            next = place optional

query = query.post
    about = What does a post say, and what is said about it, oldest first?
    refuses = query.unknown_post
    fields
        post_id = id
        from = place optional, the `next` of the page before
    reply
        fields
            title = text 120
            author = text 40
            body = text 20000
            published_ms = time
            comments = list 20 of shown_comment
            next = place optional

row = page
    about = A post as its page shows it.
    table = pages
    stream = posts
    key = post_id
    fields
        post_id = id
        author = text 40
        title = text 120
        body = text 20000
        published_ms = time

row = remark
    about = What comments says of a comment.
    table = remarks
    stream = comments
    key = comment_id
    fields
        comment_id = id
        post_id = id
        shown = shown_comment

row = tally
    about = How many approved comments a post has.
    table = tallies
    stream = comments
    key = post_id
    fields
        post_id = id
        approved = u32

row = thread
    about = The comments of a post, oldest first.
    table = threads
    key = post_id
    key = submitted_ms
    key = comment_id
    fields
        post_id = id
        submitted_ms = time
        comment_id = id
        shown = shown_comment

row = front
    about = The front page: the newest post has the smallest age.
    table = front_page
    key = age
    key = post_id
    fields
        age = u64, SOUK_TIME_MS_MAX less the time of publication
        post_id = id
        headline = headline

#   regulars, which came a year later

query = regulars.author
    about = How much has somebody had to say?
    fields
        author = text 40
    reply
        fields
            comments = u32, texts that were approved

row = regular
    about = An author of comments.
    table = regulars
    stream = comments
    key = author
    fields
        author = text 40
        comments = u32
