/* SPDX-License-Identifier: Apache-2.0
 *
 * The control chain, epochs and the revocation cut (PROTOCOL.md 6) as a model for Spin: three devices, of which 0 and 1
 * are admins, and one server that orders what arrives. Everything is interleaved in every way: devices act on the log as
 * far as they have it, and what they prepared arrives when others may have changed the space.
 *
 *   spin -a members.pml && gcc -O2 -DSAFETY -o pan pan.c && ./pan -m100000
 *
 * BREAK=1..6 leaves a rule out; members.sh demands that each is found.
 *   1 an epoch_change need not name the head of the chain        4 a removed device may still write
 *   2 the previous epoch stays open after somebody was removed   5 the last admin may go
 *   3 ... unless removed since the current one began             6 a departure may cut in the future
 *
 * What is modelled: everybody verifies with the same judge. Keys: who holds an epoch's key opens all earlier epochs
 * (wraps), nobody gets a key but by a seal. Time: the grace of the previous epoch is always on, its worst case.
 */
#ifndef BREAK
#define BREAK 0
#endif
#ifndef ENTRIES
#define ENTRIES 6 /* after the founding: a log of three members in epoch 1 */
#endif
#define DEVICES 3
#define SERVER  3 /* its view stands beside those of the devices */
#define VIEWS   4

#define DATA   1
#define REVOKE 2
#define EPOCH  3
#define NARROW 4 /* role_set: may no longer read (nor write) */
#define WIDEN  5 /* role_set: may again */

#define has(mask, d) (((mask) >> (d)) & 1)
#define is_admin(d)  ((d) < 2)

/* The log. */
byte n;
byte kind[ENTRIES], author[ENTRIES], target[ENTRIES], epoch[ENTRIES], prev[ENTRIES], seals[ENTRIES];
bool future[ENTRIES]; /* of a departure: its cut lies beyond its index */

/* What a view has made of its prefix: of the log as far as it has it. */
byte size[VIEWS];
byte head[VIEWS];                         /* 0: the founding; i + 1: entry i */
byte now[VIEWS] = 1;                      /* current epoch */
byte members[VIEWS] = 7, readers[VIEWS] = 7;
byte cut_since[VIEWS];                    /* index + 1 of the last loss of the right to read */
byte began[VIEWS], began_before[VIEWS];   /* index + 1 of the current epoch_change and the one before */

/* The truth: newest key that each device holds, epoch in which it lost its right to read. */
byte key[DEVICES] = 1;
byte lost_in[DEVICES]; /* 0: it has not */
bool removed[DEVICES];
bool rotated[DEVICES]; /* an epoch began since it lost its right */

bool ok;

/* LeafValid: of an entry at index i in view v. The order of the checks is that of the protocol. */
inline judge(v, i, k, a, t, e, p, s, c)
{
    ok = true;
    if
    :: !has(members[v], a) && BREAK != 4 -> ok = false
    :: else
    fi;
    /* 4: epochs */
    if
    :: ok && e != now[v] ->
        if
        :: k != DATA || now[v] < 2 || e + 1 != now[v] -> ok = false
        :: else ->
            if
            :: BREAK == 2 -> skip
            :: BREAK == 3 -> ok = cut_since[v] <= began[v]
            :: else -> ok = cut_since[v] <= began_before[v]
            fi
        fi
    :: else
    fi;
    /* 5: the chain */
    if
    :: ok && k != DATA && p != head[v] && !(BREAK == 1 && k == EPOCH) -> ok = false
    :: else
    fi;
    /* 6: the rule of the kind */
    if
    :: ok && k == DATA -> ok = has(readers[v], a)
    :: ok && k == EPOCH -> ok = is_admin(a) && (s == (members[v] & readers[v]) || BREAK == 1)
    :: ok && k == REVOKE ->
        ok = (is_admin(a) || a == t) && has(members[v], t) && (!c || BREAK == 6) &&
             ((members[v] & ~(1 << t) & 3) != 0 || BREAK == 5)
    :: ok && k == NARROW -> ok = is_admin(a) && !is_admin(t) && has(members[v], t) && has(readers[v], t)
    :: ok && k == WIDEN -> ok = is_admin(a) && has(members[v], t) && !has(readers[v], t)
    :: else
    fi
}

inline apply(v, i, k, t)
{
    size[v] = i + 1;
    if
    :: k != DATA -> head[v] = i + 1
    :: else
    fi;
    if
    :: k == REVOKE || k == NARROW ->
        readers[v] = readers[v] & ~(1 << t);
        cut_since[v] = i + 1;
        if
        :: k == REVOKE -> members[v] = members[v] & ~(1 << t)
        :: else
        fi
    :: k == WIDEN -> readers[v] = readers[v] | (1 << t)
    :: k == EPOCH ->
        now[v]++;
        began_before[v] = began[v];
        began[v] = i + 1
    :: else
    fi
}

/* What must hold of each entry that the server takes in, by what is true rather than by what anybody computed. */
inline check(i, k, a, t, e, s, c)
{
    d = 0;
    /* who was removed writes no more */
    assert(!removed[a]);
    if
    :: k == EPOCH ->
        do
        :: d < DEVICES ->
            if
            :: has(s, d) -> assert(lost_in[d] == 0); key[d] = e + 1
            :: else
            fi;
            rotated[d] = rotated[d] || lost_in[d] != 0;
            d++
        :: else -> break
        od
    :: k == REVOKE ->
        assert(!removed[t] && !c);
        removed[t] = true;
        lost_in[t] = (lost_in[t] == 0 -> e : lost_in[t])
    :: k == NARROW -> lost_in[t] = e
    :: k == WIDEN -> lost_in[t] = 0; rotated[t] = false; key[t] = e
    :: k == DATA ->
        /* nothing is sealed any more under a key that somebody outside holds, once an epoch began without them */
        do
        :: d < DEVICES -> assert(!(rotated[d] && key[d] >= e)); d++
        :: else -> break
        od
    fi;
    d = 0;
    do
    :: d < DEVICES -> assert(lost_in[d] == 0 || key[d] <= lost_in[d]); d++
    :: else -> break
    od;
    d = 0;
    assert((members[SERVER] & 3) != 0) /* an admin is left */
}

/* Entries that everybody who reads on has taken in are forgotten: histories that differ in them only are one. */
inline forget()
{
    i = ENTRIES;
    d = 0;
    do
    :: d < DEVICES ->
        if
        :: has(members[d], d) && size[d] < i -> i = size[d]
        :: else
        fi;
        d++
    :: else -> break
    od;
    do
    :: i > 0 ->
        i--;
        kind[i] = 0; author[i] = 0; target[i] = 0; epoch[i] = 0; prev[i] = 0; seals[i] = 0; future[i] = 0
    :: else -> break
    od;
    d = 0
}

/* A device sends what it made of the log as far as it has it. It may have prepared that long ago and may lag behind by
 * any number of entries: that is the same, since a leaf holds nothing but what its author saw. */
inline send(k, t, s, c)
{
    judge(SERVER, n, k, me, t, now[me], head[me], s, c);
    if
    :: ok ->
        i = n;
        kind[i] = k;
        author[i] = me;
        target[i] = t;
        epoch[i] = now[me];
        prev[i] = head[me];
        seals[i] = s;
        future[i] = c;
        n++;
        apply(SERVER, i, k, t);
        check(i, k, me, t, now[me], s, c)
    :: else /* refused: the log is as it was */
    fi;
    i = 0
}

#define may(x) (n < ENTRIES && (x)) /* whoever was removed may be hostile */

proctype device(byte me)
{
    byte i, d;
    do
    /* takes in all that is new: judged by its own view, each entry is as valid as it was for the server */
    :: atomic { size[me] < n && has(members[me], me) ->
        do
        :: size[me] < n && has(members[me], me) ->
            i = size[me];
            judge(me, i, kind[i], author[i], target[i], epoch[i], prev[i], seals[i], future[i]);
            assert(ok);
            apply(me, i, kind[i], target[i])
        :: else -> break
        od;
        /* who has seen the same log has the same space */
        assert(size[me] < n ||
               (head[me] == head[SERVER] && now[me] == now[SERVER] && members[me] == members[SERVER] &&
                readers[me] == readers[SERVER] && cut_since[me] == cut_since[SERVER]));
        forget() }
    :: atomic { may(true) -> send(DATA, 0, 0, 0) }
    :: atomic { may(is_admin(me)) -> send(EPOCH, 0, members[me] & readers[me], 0) }
    :: atomic { may(is_admin(me)) -> send(REVOKE, 0, 0, (BREAK == 6)) }
    :: atomic { may(is_admin(me)) -> send(REVOKE, 1, 0, (BREAK == 6)) }
    :: atomic { may(is_admin(me) || me == 2) -> send(REVOKE, 2, 0, (BREAK == 6)) }
    :: atomic { may(is_admin(me)) -> send(NARROW, 2, 0, 0) }
    :: atomic { may(is_admin(me)) -> send(WIDEN, 2, 0, 0) }
    /* nothing more to do, or removed */
    :: atomic { n == ENTRIES && (size[me] == n || !has(members[me], me)) -> break }
    od
}

init {
    atomic {
        run device(0);
        run device(1);
        run device(2)
    }
}
