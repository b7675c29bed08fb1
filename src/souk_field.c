#include <souk-message.h>

#include <string.h>

#define NUMBER_TEXT_BYTES 20            /* the longest is -9223372036854775808 */

static int append_number(struct souk_pack *raw_key, bool is_negative, uint64_t magnitude);
static bool is_currency(const char *letters);

/* ---- writing -------------------------------------------------------- */

void
souk_pack_uint_in(struct souk_pack *pack, uint64_t value, uint64_t value_min, uint64_t value_max)
{
    if (value < value_min || value > value_max)
        souk_pack_fail(pack, SOUK_ETOOBIG);
    else
        souk_pack_uint(pack, value);
}

void
souk_pack_int_in(struct souk_pack *pack, int64_t value, int64_t value_min, int64_t value_max)
{
    if (value < value_min || value > value_max)
        souk_pack_fail(pack, SOUK_ETOOBIG);
    else
        souk_pack_int(pack, value);
}

void
souk_pack_text(struct souk_pack *pack, struct souk_slice text, size_t bytes_max)
{
    if (text.size_bytes > bytes_max)
        souk_pack_fail(pack, SOUK_ETOOBIG);
    else
        souk_pack_str(pack, text);
}

void
souk_pack_bytes(struct souk_pack *pack, struct souk_slice bytes, size_t bytes_max)
{
    if (bytes.size_bytes > bytes_max)
        souk_pack_fail(pack, SOUK_ETOOBIG);
    else
        souk_pack_bin(pack, bytes);
}

void
souk_pack_list(struct souk_pack *pack, uint32_t count, uint32_t count_max)
{
    if (count > count_max)
        souk_pack_fail(pack, SOUK_ETOOBIG);
    else
        souk_pack_array(pack, count);
}

void
souk_pack_id(struct souk_pack *pack, struct souk_id id)
{
    souk_pack_bin(pack, (struct souk_slice){ id.bytes, sizeof id.bytes });
}

void
souk_pack_money(struct souk_pack *pack, struct souk_money money)
{
    if (!is_currency(money.currency) || money.currency[3] != '\0') {
        souk_pack_fail(pack, SOUK_EINVAL);
        return;
    }
    souk_pack_array(pack, 2);
    souk_pack_int(pack, money.minor);
    souk_pack_str(pack, (struct souk_slice){ money.currency, 3 });
}

void
souk_pack_enum(struct souk_pack *pack, uint64_t number, const struct souk_enum *values)
{
    if (souk_enum_name(values, number) == NULL)
        souk_pack_fail(pack, SOUK_EINVAL);
    else
        souk_pack_uint(pack, number);
}

/* ---- reading -------------------------------------------------------- */

uint64_t
souk_unpack_uint_in(struct souk_unpack *in, uint64_t value_min, uint64_t value_max)
{
    uint64_t value = souk_unpack_uint(in, value_max);

    if (in->rc == 0 && value < value_min)
        souk_unpack_fail(in, SOUK_ETOOBIG);
    return in->rc == 0 ? value : 0;
}

struct souk_id
souk_unpack_id(struct souk_unpack *in)
{
    struct souk_id id;

    souk_unpack_bin_exact(in, id.bytes, sizeof id.bytes);
    return id;
}

struct souk_money
souk_unpack_money(struct souk_unpack *in)
{
    struct souk_money money = { 0 };
    struct souk_slice currency;

    souk_unpack_array_exact(in, 2);
    money.minor = souk_unpack_int(in, INT64_MIN, INT64_MAX);
    currency = souk_unpack_str(in, 3);
    if (in->rc == 0 && (currency.size_bytes != 3 || !is_currency(currency.base)))
        souk_unpack_fail(in, SOUK_EMALFORMED);
    if (in->rc != 0)
        return (struct souk_money){ 0 };
    memcpy(money.currency, currency.base, 3);
    return money;
}

uint16_t
souk_unpack_enum(struct souk_unpack *in, const struct souk_enum *values)
{
    uint64_t number = souk_unpack_uint(in, UINT16_MAX);

    if (in->rc == 0 && souk_enum_name(values, number) == NULL)
        souk_unpack_fail(in, SOUK_EMALFORMED);
    return in->rc == 0 ? (uint16_t)number : 0;
}

uint32_t
souk_unpack_fields(struct souk_unpack *in, uint32_t field_count_min)
{
    uint32_t count = souk_unpack_array(in, SOUK_FIELDS_MAX);

    if (in->rc == 0 && count < field_count_min)
        souk_unpack_fail(in, SOUK_EMALFORMED);
    return in->rc == 0 ? count : 0;
}

void
souk_unpack_newer_fields(struct souk_unpack *in, uint32_t count, uint32_t known)
{
    for (; count > known && in->rc == 0; count--)
        (void)souk_unpack_skip(in);
}

void *
souk_unpack_list(struct souk_unpack *in, struct souk_arena *arena, uint32_t count_max, size_t value_size_bytes,
    uint32_t *count_out)
{
    uint32_t count = souk_unpack_array(in, count_max);
    void *values;

    *count_out = 0;
    if (count == 0)
        return NULL;
    if ((values = souk_arena_alloc(arena, count * value_size_bytes)) == NULL) {
        souk_unpack_fail(in, SOUK_ENOMEM);
        return NULL;
    }
    *count_out = count;
    return values;
}

/* ---- keys of events ------------------------------------------------- */

int
souk_event_key_text(struct souk_pack *raw_key, struct souk_slice text)
{
    if (text.size_bytes == 0)
        souk_pack_fail(raw_key, SOUK_EINVAL);
    if (text.size_bytes > SOUK_KEY_BYTES_MAX)
        souk_pack_fail(raw_key, SOUK_ETOOBIG);
    souk_pack_raw(raw_key, text);
    return raw_key->rc;
}

int
souk_event_key_id(struct souk_pack *raw_key, struct souk_id id)
{
    souk_pack_raw(raw_key, (struct souk_slice){ id.bytes, sizeof id.bytes });
    return raw_key->rc;
}

int
souk_event_key_uint(struct souk_pack *raw_key, uint64_t value)
{
    return append_number(raw_key, false, value);
}

int
souk_event_key_int(struct souk_pack *raw_key, int64_t value)
{
    return append_number(raw_key, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static int
append_number(struct souk_pack *raw_key, bool is_negative, uint64_t magnitude)
{
    char text[NUMBER_TEXT_BYTES];
    char *at = text + sizeof text;

    do {
        *--at = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    if (is_negative)
        *--at = '-';
    souk_pack_raw(raw_key, (struct souk_slice){ at, (size_t)(text + sizeof text - at) });
    return raw_key->rc;
}

static bool
is_currency(const char *letters)
{
    unsigned i;

    for (i = 0; i < 3; i++) {
        if (letters[i] < 'A' || letters[i] > 'Z')
            return false;
    }
    return true;
}
