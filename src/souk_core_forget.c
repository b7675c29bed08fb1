#include "souk_core_parts.h"

#include <stdlib.h>

#include "souk_forgotten.h"
#include "souk_keyring.h"
#include "souk_seal.h"

static int forget_again(void *core, const struct souk_id *person);

int
core_note_forgotten(struct souk_core *core, const struct souk_message_type *type, const struct souk_event *event)
{
    const struct souk_message_type *version = souk_message_version(type, event->version);
    struct souk_id person, *grown;
    uint32_t room;
    int rc;

    if (version == NULL || version->forgets == NULL || core->wiring->keyring == NULL)
        return 0;
    if ((rc = souk_seal_person(version, version->forgets, event->payload, &person)) != 0)
        return -SOUK_EHANDLER;
    if (core->forgotten_count == core->forgotten_room) {
        room = core->forgotten_room == 0 ? 16 : core->forgotten_room * 2;
        if ((grown = realloc(core->forgotten, room * sizeof *grown)) == NULL)
            return -SOUK_ENOMEM;
        core->forgotten = grown;
        core->forgotten_room = room;
    }
    core->forgotten[core->forgotten_count++] = person;
    return souk_forgotten_put(core->txn, &person);
}

void
core_forget(struct souk_core *core)
{
    for (uint32_t i = 0; i < core->forgotten_count && core->forget_rc == 0; i++)
        core->forget_rc = souk_keyring_forget(core->wiring->keyring, &core->forgotten[i]);
    core->forgotten_count = 0;
}

int
core_forget_again(struct souk_core *core)
{
    return core->wiring->keyring == NULL ? 0 : souk_forgotten_each(core->txn, forget_again, core);
}

static int
forget_again(void *core, const struct souk_id *person)
{
    return souk_keyring_forget(((struct souk_core *)core)->wiring->keyring, person);
}
