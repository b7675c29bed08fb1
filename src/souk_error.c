#include <souk.h>

#include <stdio.h>

int
souk_fail(struct souk_error *err, enum souk_error_code code, const char *format, ...)
{
    va_list args;

    if (err != NULL) {
        err->code = (int)code;
        va_start(args, format);
        (void)vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
    }
    return -(int)code;
}

const char *
souk_error_name(int code)
{
    static const char *const names[] = {
        [0] = "ok",
        [SOUK_ENOMEM] = "no-memory",
        [SOUK_EFULL] = "full",
        [SOUK_EIO] = "io",
        [SOUK_ENOTFOUND] = "not-found",
        [SOUK_ETOOBIG] = "too-big",
        [SOUK_EMALFORMED] = "malformed",
        [SOUK_EBUSY] = "busy",
        [SOUK_EINVAL] = "invalid",
        [SOUK_EFORK] = "fork",
        [SOUK_EUNSUPPORTED] = "unsupported",
        [SOUK_EDAMAGED] = "damaged",
        [SOUK_EHANDLER] = "handler",
    };

    if (code < 0)
        code = -code;
    if ((size_t)code >= sizeof names / sizeof names[0])
        return "unknown";
    return names[code];
}
