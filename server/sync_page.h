/* SPDX-License-Identifier: Apache-2.0
 *
 * sync_page: what one row of an answer holds, read from one snapshot. Only sync_answer.c calls these, in this order.
 *
 * A page begins at the client's size and ends where the budget ends, at least one entry later if anything is
 * there. It carries the note of its end; if it ends before the newest entry, also the newest note and the proof
 * that both are of one history.
 */
#ifndef SERVER_SYNC_PAGE_H
#define SERVER_SYNC_PAGE_H

#include "server/sync_inside.h"

struct sync_page {
    const struct sync_call *call;
    const struct sync_row *row;
    struct store_view *view;
    struct message_row *out;
    struct arena *arena;
    uint64_t now_ms;
    size_t bytes_left, elements_left; /* of the answer's budget */
    size_t elements;                  /* that this row took */
    struct store_space space;
    struct store_member member;
    char origin[NOTE_ORIGIN_MAX];
    uint64_t size;       /* how far this device may see */
    uint64_t end;        /* of the page */
    bool reader, bodies; /* gets slots; gets bodies of data */
    bool news;           /* there is something that the client did not have */
    bool waiting; /* somebody waits for a decision: worth a full row, not worth waking anybody */
};

/** Who sees how far; sets status and size. Status ROLLBACK: the row is complete. */
enum err sync_page_begin(struct sync_page *page);
/** A space that the restored store does not have at all. */
enum err sync_page_lost(struct sync_page *page);
/** Slots and seals beyond keys_rev. */
enum err sync_page_keys(struct sync_page *page);
/** Entries with their bodies, notes and the consistency proof. */
enum err sync_page_entries(struct sync_page *page);
/** What became of the pushed leaves and the other items. */
enum err sync_page_items(struct sync_page *page);
/** Seal lists, stale rows, wanted bodies and rows, the inbox. */
enum err sync_page_rest(struct sync_page *page);

/** Which space continues this one, for who does not know it yet (sync_succeed.c). */
enum err sync_page_successor(struct sync_page *page);

/** Adds an item to the inbox. ERR_TOO_BIG: it does not fit, `more` is set. */
enum err sync_page_inbox(struct sync_page *page, enum inbox_type type,
                         const uint8_t id[static ID_LEN], const uint8_t *payload, size_t len);

/** Whether the client wants the note although nothing is new: it wants body 0 of entry 0, which a genesis never has. */
bool sync_page_asks_note(const struct sync_page *page);

/** The key pair in force after `size` entries. */
enum err sync_page_key(const struct sync_page *page, uint64_t size,
                       const struct serverkey_pair **pair);

/** Takes bytes and elements from the budget; false when it is used up (nothing is taken). */
bool sync_page_take(struct sync_page *page, size_t bytes, size_t elements);

#endif
