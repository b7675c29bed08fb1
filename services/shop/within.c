#include "within.h"

static char
small(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

bool
within(struct souk_slice wanted, struct souk_slice text)
{
    const char *at = text.base, *letters = wanted.base;
    size_t same;

    for (size_t i = 0; i + wanted.size_bytes <= text.size_bytes; i++) {
        for (same = 0; same < wanted.size_bytes && small(at[i + same]) == small(letters[same]); same++)
            continue;
        if (same == wanted.size_bytes)
            return true;
    }
    return false;
}
