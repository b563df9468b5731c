/* SPDX-License-Identifier: Apache-2.0
 *
 * Small random logs and a digest of the state that each leads to; the native program and the WebAssembly must print the
 * same (agree.sh). Odd seeds: membership, leaf by leaf through the fold, with what the fold must refuse; even seeds:
 * changes of records, concurrent and malformed ones too, through the view to its tables, search and titles.
 *
 *   random_logs FIRST COUNT      one line per log: seed, digest
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/view.h"
#include "proto/change.h"
#include "proto/digest.h"
#include "tests/lib/logbook.h"
#include "tests/unit/fake_engine.h"
#include "tests/unit/view_pack.h"

static uint64_t state;

/* splitmix64 */
static uint64_t dice(void)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static unsigned below(unsigned n)
{
    return (unsigned)(dice() % n);
}

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "random_logs: %s\n", what);
    exit(1);
}

static void add(struct buf *out, const void *bytes, size_t len)
{
    buf_put(out, bytes, len);
    must(out->err == ERR_OK, "memory");
}

/* --- membership --- */

static struct op some_operation(struct logbook *lb, enum leaf_kind *kind)
{
    static const uint8_t roles[] = {ROLE_READER, ROLE_READER | ROLE_WRITER, ROLE_AUDITOR,
                                    ROLE_READER | ROLE_WRITER | ROLE_STEWARD,
                                    ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN};
    const int who = 1 + (int)below(4);
    const uint8_t role = roles[below(5)];
    switch (below(7)) {
    case 0:
        *kind = KIND_INVITE;
        return logbook_invite(lb, who, role);
    case 1:
    case 2:
        *kind = KIND_DEVICE_ADD;
        return logbook_add(lb, who, who, role);
    case 3:
        *kind = KIND_DEVICE_REVOKE;
        return logbook_revoke(lb, who, below(2) ? REVOKE_LOST : REVOKE_DEPARTURE, lb->n);
    case 4:
        *kind = KIND_ROLE_SET;
        return logbook_role(lb, who, role);
    case 5:
        *kind = KIND_EPOCH_CHANGE;
        return logbook_epoch(lb, fold_epoch_now(lb->fold) + below(3));
    default:
        *kind = KIND_CONFIRM;
        return logbook_confirm(lb);
    }
}

static void membership(struct buf *out)
{
    static struct logbook lb;
    logbook_start(&lb);
    for (unsigned i = 0, n = 4 + below(12); i < n; i++) {
        enum leaf_kind kind = KIND_DATA;
        struct op op = {0};
        if (below(3))
            op = some_operation(&lb, &kind);
        lb.next.bad_sig = below(12) == 0;
        lb.next.bad_seq = below(12) == 0;
        lb.next.bad_prev = below(12) == 0;
        lb.next.bad_seen = below(12) == 0;
        lb.next.bad_ctl_prev = below(12) == 0;
        lb.next.bad_epoch = below(12) == 0;
        /* The founder acts most often: without members nothing happens. */
        logbook_step(&lb, below(2) ? 0 : (int)below(5), kind, op, ERR_OK);
        const struct logbook_entry *entry = &lb.entries[lb.n - 1];
        const uint32_t verdict = (uint32_t)entry->verdict, epoch = fold_epoch_now(lb.fold);
        buf_u32be(out, verdict);
        buf_u32be(out, epoch);
        add(out, lb.last_hash, HASH_LEN);
        add(out, lb.fold->head, HASH_LEN);
    }
    uint8_t root[HASH_LEN];
    tree_root(&lb.tree, root);
    add(out, root, sizeof root);
    logbook_end(&lb);
}

/* --- records --- */

static struct pack *pack;

static const char *some_text(void)
{
    static const char *const texts[] = {"Ștefan", "Élodie",    "Иван Петров", "l'Hay-les-Roses",
                                        "17.5",   "-3.25",     "2025-03-04",  "2025-02-30",
                                        "fr",     "ro",        "gelee",       "active",
                                        "",       "a\nb",      "emoji 🌾",     "+33612345678",
                                        "06 12",  "Œuvre ﬁn ß"};
    return texts[below(sizeof texts / sizeof texts[0])];
}

static void some_value(const struct fake_author *by, uint8_t shred, uint8_t record, uint32_t field)
{
    /* One throw per statement: compilers differ in the order of a call's arguments. */
    const unsigned choice = below(8), detail = below(2);
    const char *text = some_text();
    uint8_t id[ID_LEN + RECORD_LEN];
    memset(id, 0x11 * (1 + (int)below(3)), sizeof id);
    switch (choice) {
    case 0:
        fake_int(by, shred, record, field, (int64_t)below(200) - 100);
        break;
    case 1:
        fake_bool(by, shred, record, field, detail);
        break;
    case 2:
        fake_element(by, shred, record, field, (int)detail, below(2) ? "ro" : text);
        break;
    case 3:
        fake_ref(by, shred, record, field, id, detail ? ID_LEN : ID_LEN + RECORD_LEN);
        break;
    default:
        fake_text(by, shred, record, field, text);
        break;
    }
}

static void some_change(void)
{
    const uint8_t dossiers[] = {0x11, 0x22, 0x33};
    struct fake_author by = {.author = (uint8_t)(1 + below(3))};
    by.time_s = 1690000000 + (int64_t)below(20000000);
    by.base = below((unsigned)fake.spaces[0].size + 1);
    by.pending = below(6) == 0;
    const uint8_t shred = dossiers[below(3)], record = (uint8_t)below(3);
    if (below(3) == 0)
        fake_int(&by, shred, record, FIELD_KIND, record ? VISITE + below(2) : LIEU + below(2));
    else if (below(20) == 0)
        fake_bool(&by, shred, record, FIELD_MISTAKE, below(2));
    else
        some_value(&by, shred, record, F_PRENOM + below(9));
}

static void show(struct buf *out, struct view *view, const char *sql)
{
    struct pas_table *table = NULL;
    struct pack_why why = {{0}};
    char *json = NULL;
    must(view_sql(view, sql, &table, &why) == ERR_OK, why.text);
    must(pas_table_json_text(table, false, &json) == 0, "json");
    add(out, json, strlen(json));
    pas_free(json);
    pas_table_free(table);
}

static void records(struct buf *out)
{
    static const char *const shown[] = {
        "SELECT *, title(id) AS name FROM lieu ORDER BY id",
        "SELECT *, title(id) AS name FROM gens ORDER BY id",
        "SELECT *, title(id) AS name, heures * 1.1 FROM gens ORDER BY plie(prenom), id",
        "SELECT *, title(id) AS name FROM visite ORDER BY id",
        "SELECT *, title(id) AS name FROM secret ORDER BY id",
        "SELECT * FROM history ORDER BY 1, 2, 3, 4, 5, 6, 7",
        "SELECT * FROM conflict ORDER BY 1, 2, 3",
    };
    struct view *view = NULL;
    fake_reset();
    must(view_new(&view, &fake, pack, "fr") == ERR_OK, "view");
    for (unsigned i = 0, n = 6 + below(36); i < n; i++) {
        some_change();
        if (below(8) == 0)
            fake_send();
        if (below(5) == 0)
            must(view_refresh(view) == ERR_OK, "refresh");
    }
    must(view_refresh(view) == ERR_OK, "refresh");
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        show(out, view, shown[i]);
    struct pas_table *table = NULL;
    char *json = NULL;
    must(view_conflicts(view, NULL, &table) == ERR_OK, "conflicts");
    must(pas_table_json_text(table, false, &json) == 0, "json");
    add(out, json, strlen(json));
    pas_free(json);
    pas_table_free(table);
    view_free(view);
}

int main(int argc, char **argv)
{
    const char *json = VIEW_PACK("1", "");
    struct pack_why why = {{0}};
    must(argc == 3 && digest_init() == ERR_OK, "FIRST COUNT");
    must(pack_parse(&pack, json, strlen(json), &why) == ERR_OK, why.text);
    const uint64_t first = strtoull(argv[1], NULL, 10), count = strtoull(argv[2], NULL, 10);
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct buf out = {.max = (size_t)1 << 26};
        uint8_t hash[HASH_LEN];
        state = seed;
        if (seed % 2)
            membership(&out);
        else
            records(&out);
        digest_sha256_of(hash, out.bytes, out.len);
        printf("%llu ", (unsigned long long)seed);
        for (size_t i = 0; i < 12; i++)
            printf("%02x", hash[i]);
        printf(" %zu\n", out.len);
        buf_free(&out);
    }
    pack_free(pack);
    return 0;
}
