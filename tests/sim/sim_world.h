/* SPDX-License-Identifier: Apache-2.0
 *
 * sim_world: one simulated world: a server (or two that pretend to be one), devices, the network between them, a
 * clock that jumps from event to event, and the model: what the simulator itself knows to be true.
 *
 *   sim_world    events, time, trace, violations          sim_network  requests and answers on their way
 *   sim_server   the real server over a simulated disk    sim_model    what was logged, seen from outside
 *   sim_device   the real engine over a simulated disk    sim_check    the invariants
 *   sim_member   who joins, leaves, erases                sim_attack   what an enemy does
 *
 * Everything comes from the seed: the same seed gives the same trace, byte for byte.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/engine.h"
#include "proto/fold.h"
#include "server/sync.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_random.h"

enum {
    SIM_DEVICES = 24,
    SIM_SPACES = 2,
    SIM_BRANCHES = 6, /* histories: the first, one for each fork and restored backup */
    SIM_SERVERS = 2,
    SIM_QUEUE = 64,
    SIM_TAIL = 60 /* lines of the trace that a violation shows */
};
#define SIM_NEEDLE  "Zq7mk-" /* begins every text that must stay secret */
#define SIM_NOWHERE UINT64_MAX
#define SIM_MINUTE  60000ull
#define SIM_HOUR    (60 * SIM_MINUTE)
#define SIM_DAY     (24 * SIM_HOUR)

/* X(name, what it counts) */
#define SIM_FIGURES(X)                                                                             \
    X(EVENTS, "events")                                                                            \
    X(SYNCS, "round trips that a device finished")                                                 \
    X(CHANGES, "changes that an engine called durable")                                            \
    X(LEAVES, "leaves logged")                                                                     \
    X(DEVICE_CUTS, "power cuts of a device")                                                       \
    X(SERVER_CUTS, "power cuts of the server")                                                     \
    X(SECTORS, "sectors lost or torn in them")                                                     \
    X(MANGLED, "messages lost, doubled, delayed, cut or altered")                                  \
    X(FULL, "operations on a full disk that said so")                                              \
    X(REVOCATIONS, "devices revoked")                                                              \
    X(ERASURES, "dossiers erased")                                                                 \
    X(ROTATIONS, "epochs begun after the first")                                                   \
    X(FORKS, "forks and rollbacks injected")                                                       \
    X(CLONES, "devices put back from an old backup")                                               \
    X(ATTACKS, "forged requests")                                                                  \
    X(CHECK_ROOT, "checked: root and membership of a device against the log")                      \
    X(CHECK_REPLAY, "checked: changes shown by a device, one by one")                              \
    X(CHECK_EQUAL, "checked: replays of equal logs compared")                                      \
    X(CHECK_ACKED, "checked: acknowledged leaves looked for after a restart")                      \
    X(CHECK_GROWTH, "checked: entries compared with what they were")                               \
    X(CHECK_KEPT, "checked: durable changes looked for after a restart")                           \
    X(CHECK_SECRET, "checked: kilobytes searched for plaintext")                                   \
    X(CHECK_ERASED, "checked: places searched for what was erased")                                \
    X(CHECK_REVOKED, "checked: revoked devices asked for newer keys")                              \
    X(CHECK_NONCE, "checked: nonces compared with all earlier ones")                               \
    X(CHECK_ALARM, "checked: alarms, raised or due")                                               \
    X(CHECK_UNSENT, "checked: counts of unsent work")                                              \
    X(CHECK_SETTLED, "checked: worlds that came to rest")
#define SIM_FIGURE(name, text) SIM_##name,
enum sim_figure { SIM_FIGURES(SIM_FIGURE) SIM_FIGURES_N };
#undef SIM_FIGURE

/* How rough a world is. Chances are per mille unless they are days or counts. */
struct sim_profile {
    const char *name;
    unsigned devices, days, wake_hours; /* mean hours between two wakings of a device */
    unsigned lose, twice, delay, cut, alter, replay; /* of each message */
    unsigned device_dark, server_dark, server_full, device_full,
        io_error;                   /* of each waking, group */
    unsigned sleep, clock;          /* of each waking: weeks of sleep, a wrong clock */
    unsigned member, revoke, erase; /* of each waking of who may */
    unsigned attack;                /* of each waking */
    unsigned clone;                 /* of each waking: a backup is made, or put back */
    unsigned fork, rollback;        /* of each world */
    unsigned spaces;
    unsigned
        look; /* of each sync that changed something: is everything read and compared? 0 = 300 */
};
extern const struct sim_profile sim_profiles[];
extern const size_t sim_profiles_n, sim_profiles_common;

/* --- the model --- */

/** One log entry as the simulator saw it. */
struct sim_entry_seen {
    uint8_t node[HASH_LEN]; /* tree leaf hash */
    uint8_t hash[HASH_LEN]; /* leaf hash */
    uint8_t device[ID_LEN];
    uint64_t seq;
    enum leaf_kind kind;
    enum err verdict;
    uint8_t root[HASH_LEN];   /* of the log with this entry */
    uint8_t fold[HASH_LEN];   /* digest of the membership after it */
    uint8_t replay[HASH_LEN]; /* digest of what a reader sees then; zero = nobody looked yet */
    unsigned replay_by;
};

/** A revocation in the log. */
struct sim_revoked {
    uint8_t device[ID_LEN];
    uint64_t index;
    enum revoke_mode mode;
    uint64_t cut;
    uint32_t epoch; /* current then */
};

/** One space in one history. */
struct sim_log {
    bool used;
    struct fold *fold;
    struct tree tree;
    uint64_t size;
    size_t cap;
    struct sim_entry_seen *entries;
    struct buf *headers; /* of each entry, with the signature behind */
    uint64_t *times;
    size_t n_revoked;
    struct sim_revoked revoked[SIM_DEVICES];
};

struct sim_branch {
    bool used;
    struct sim_log logs[SIM_SPACES];
};

enum sim_mark_state { SIM_KEPT, SIM_MAYBE, SIM_GONE };

/** A change with its own text. */
struct sim_mark {
    unsigned device, space, dossier;
    enum sim_mark_state state;
    uint64_t index[SIM_BRANCHES]; /* of its leaf; SIM_NOWHERE unknown */
};

struct sim_dossier {
    uint8_t shred[ID_LEN];
    unsigned space;
    bool asked; /* somebody asked for its erasure */
};

/** A slot that was seen on its way: its bytes must be gone once its row is erased. */
struct sim_slot {
    unsigned space;
    uint8_t row[ID_LEN];
    uint8_t slot[SLOT_LEN];
};

struct sim_nonce {
    uint8_t nonce[NONCE_LEN];
    uint8_t of[HASH_LEN]; /* what was sealed under it */
};

/* --- actors --- */

struct sim_message {
    unsigned device, server;
    uint64_t flight;
    bool mangled; /* altered on its way, or no signed answer at all */
    /* Of an answer: the history that it speaks of, and how long it was then. */
    unsigned branch;
    uint64_t sizes[SIM_SPACES];
    size_t len;
    uint8_t *bytes;
};

struct sim_server {
    unsigned no, branch;
    char path[SIM_NAME_MAX];
    struct sim_disk *disk, *backup;
    unsigned backup_branch;
    struct store *store;
    struct store_view *view;
    struct sync *sync;
    bool running, woken; /* a group is due */
    size_t n_queue;
    struct sim_message queue[SIM_QUEUE];
};

struct sim_device {
    unsigned no;
    char path[SIM_NAME_MAX], pass[32];
    struct sim_disk *disk;
    struct engine *engine; /* NULL: off */
    bool made, known;      /* its keys exist; its id is known */
    struct sim_disk *copy; /* a backup of its disk, and the last seq in it */
    uint64_t copy_seq[SIM_SPACES];
    uint64_t twin_size[SIM_SPACES]; /* of the log when the backup was put back */
    bool restored;
    bool was_dark; /* since it was on last */
    bool failing;  /* a write of this waking fails */
    uint8_t id[ID_LEN];
    int64_t clock_ms; /* its clock minus the true one */
    unsigned server;
    uint64_t flight; /* number of the request on its way; 0 = none */
    unsigned rounds; /* of this sync */
    bool crossed;    /* it was shown another history than its own */
    char link[512];  /* an invite in its pocket */
    bool invited[SIM_SPACES];
    uint64_t size[SIM_SPACES];   /* as of the last check */
    unsigned branch[SIM_SPACES]; /* the history it has */
    struct sim_message old;      /* an answer it got before, for a replay */
};

/* --- events --- */

enum sim_event_kind {
    SIM_WAKE,
    SIM_TO_SERVER,
    SIM_GROUP,
    SIM_TO_DEVICE,
    SIM_TIMEOUT,
    SIM_SERVER_TICK,
    SIM_SERVER_UP,
    SIM_FORK,
    SIM_ROLLBACK
};

struct sim_event {
    uint64_t at_ms, order;
    enum sim_event_kind kind;
    unsigned who;
    struct sim_message message;
};

struct sim_world {
    uint64_t seed;
    struct sim_profile profile;
    bool verbose;
    uint64_t start_ms, now_ms, end_ms;
    struct sim_random random;
    size_t n_events, events_cap;
    struct sim_event *events; /* a heap */
    uint64_t order, flights;

    struct serverkey key;
    unsigned n_servers;
    struct sim_server servers[SIM_SERVERS];
    struct sim_branch branches[SIM_BRANCHES];
    unsigned n_branches;
    unsigned n_devices;
    struct sim_device devices[SIM_DEVICES];
    unsigned n_spaces;
    uint8_t spaces[SIM_SPACES][ID_LEN];
    char founder_link[512];
    bool resting; /* the last phase: no more faults */

    size_t n_marks, marks_cap;
    struct sim_mark *marks;
    size_t n_dossiers, dossiers_cap;
    struct sim_dossier *dossiers;
    size_t n_slots, slots_cap;
    struct sim_slot *slots;
    size_t n_nonces, nonces_cap;
    struct sim_nonce *nonces;

    uint64_t figures[SIM_FIGURES_N];
    uint8_t trace[HASH_LEN]; /* chain over all lines */
    char tail[SIM_TAIL][160];
    size_t n_tail;
    bool failed;
    char violation[400];
};

/* --- world --- */

/** Runs one world from its seed. False: an invariant was violated (world->violation). sim_world_free in any case. */
bool sim_world_run(struct sim_world *world, uint64_t seed, const struct sim_profile *profile,
                   bool verbose);
void sim_world_free(struct sim_world *world);

/** One line of the trace. */
void sim_trace(struct sim_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** An invariant does not hold. The first one counts; the world stops after the running event. */
void sim_violated(struct sim_world *world, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void sim_count(struct sim_world *world, enum sim_figure figure, uint64_t n);

struct sim_event *sim_event_add(struct sim_world *world, uint64_t in_ms, enum sim_event_kind kind,
                                unsigned who);
/** A list that grows: room for one more item behind `n`. */
void *sim_grown(void *list, size_t *cap, size_t n, size_t size);

/* --- network --- */

/** Sends a request (the bytes are copied); the network does with it what it likes. */
void sim_network_request(struct sim_world *world, struct sim_device *device, const uint8_t *bytes,
                         size_t len);
void sim_network_answer(struct sim_world *world, const struct sim_message *request,
                        const uint8_t *bytes, size_t len, bool text);
void sim_message_free(struct sim_message *message);
/** Watches what goes over the wire: nonces, slots, seals, plaintext. */
void sim_network_watch(struct sim_world *world, const struct sim_device *device,
                       const uint8_t *bytes, size_t len);

/* --- server --- */

void sim_server_start(struct sim_world *world, unsigned no);
void sim_server_stop(struct sim_server *server);
void sim_server_arrives(struct sim_world *world, struct sim_message *message);
void sim_server_group(struct sim_world *world, struct sim_server *server);
void sim_server_tick(struct sim_world *world, struct sim_server *server);
void sim_server_up(struct sim_world *world, struct sim_server *server);
/** Power cut if its disk is dead (or `now`); it comes up again later. True when it happened. */
bool sim_server_dark(struct sim_world *world, struct sim_server *server, bool now);
void sim_server_fork(struct sim_world *world);
void sim_server_rollback(struct sim_world *world);

/* --- devices --- */

void sim_device_wake(struct sim_world *world, struct sim_device *device);
void sim_device_answer(struct sim_world *world, struct sim_device *device,
                       const struct sim_message *message);
void sim_device_timeout(struct sim_world *world, struct sim_device *device, uint64_t flight);
/** Switches on, after making keys if need be. False: it stays off for now. */
bool sim_device_on(struct sim_world *world, struct sim_device *device);
void sim_device_off(struct sim_device *device);
/** As sim_server_dark. */
bool sim_device_dark(struct sim_world *world, struct sim_device *device);
void sim_device_sync(struct sim_world *world, struct sim_device *device);
/** An operation's error that the disk's troubles explain. */
bool sim_device_excused(const struct sim_device *device, enum err err);
/** Number of a world's space in this device's engine; SIZE_MAX. */
size_t sim_device_space(const struct sim_world *world, const struct sim_device *device,
                        unsigned space);
struct sim_device *sim_device_by_id(struct sim_world *world, const uint8_t id[static ID_LEN]);
/** Says in the trace what a device still has to do in a space. */
void sim_device_waits(struct sim_world *world, const struct sim_device *device, unsigned s);
/** Whether the device is active in a space with all of these roles, as its own log says. */
bool sim_device_may(const struct sim_world *world, const struct sim_device *device, unsigned space,
                    uint8_t roles);

/* --- members; each is one thing that a person may do at a waking --- */

void sim_member_found(struct sim_world *world, struct sim_device *device, unsigned space);
void sim_member_join(struct sim_world *world, struct sim_device *device);
/** False: there is nobody to invite, or this device may not. */
bool sim_member_invite(struct sim_world *world, struct sim_device *device, unsigned space);
void sim_member_approve(struct sim_world *world, struct sim_device *device, unsigned space);
void sim_member_revoke(struct sim_world *world, struct sim_device *device, unsigned space);
void sim_member_role(struct sim_world *world, struct sim_device *device, unsigned space);
void sim_member_confirm(struct sim_world *world, struct sim_device *device, unsigned space);
void sim_member_erase(struct sim_world *world, struct sim_device *device, unsigned space);

/* --- an enemy --- */

/** A member sends a leaf in another one's name. */
void sim_attack_forge(struct sim_world *world, struct sim_device *device);
/** Somebody makes a backup of a device, or puts it back: what this device did since is not its own any more. */
void sim_attack_clone(struct sim_world *world, struct sim_device *device);
/** A checkpoint is carried from one device to another. */
void sim_attack_compare(struct sim_world *world, struct sim_device *device);

/* --- model --- */

/** Takes what a server has committed since the last time, checking that everything before still stands. */
void sim_model_absorb(struct sim_world *world, struct sim_server *server, bool restarted);
/** A new history that begins as `from`, cut to the sizes that `server` has. Its number. */
unsigned sim_model_branch(struct sim_world *world, unsigned from, struct sim_server *server);
void sim_model_free(struct sim_world *world);
/** Digest of a membership fold: what all who saw the same log agree on. */
void sim_model_fold(uint8_t out[static HASH_LEN], const struct fold *fold);
/** Whether a data leaf counts, by the simulator's own reading of the revocations before `size`. */
bool sim_model_effective(const struct sim_log *log, uint64_t size,
                         const uint8_t device[static ID_LEN], uint64_t seq, uint64_t index);
const struct sim_revoked *sim_model_revoked(const struct sim_log *log,
                                            const uint8_t device[static ID_LEN]);

/* --- invariants --- */

/** After an answer, a restart, at the end: everything that must hold for a device. `shown` is an honest answer that it
 * has just taken, or NULL; `changed`: it brought something. */
void sim_check_device(struct sim_world *world, struct sim_device *device,
                      const struct sim_message *shown, bool changed);
/** Before an honest answer is taken: does it speak of another history than the device's own? */
void sim_check_meets(struct sim_world *world, struct sim_device *device,
                     const struct sim_message *shown);
/** The number of the mark that a change carries; SIZE_MAX. */
size_t sim_check_number(const struct engine_change *change);
/** Whether it is time to read everything that a device shows: it costs more than a sync. */
bool sim_check_looks(struct sim_world *world);
/** After a restart: what was durable is there; what was in doubt is decided. */
void sim_check_kept(struct sim_world *world, struct sim_device *device);
/** At the end, when all have synchronised. */
void sim_check_rest(struct sim_world *world);

#endif
