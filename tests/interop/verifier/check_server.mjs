// SPDX-License-Identifier: Apache-2.0
//
//   node check_server.mjs FOUNDER-LINK URL    of a running server that nobody has founded on
//
// A second client against the server: it founds spaces and pushes leaves, right and wrong ones, most of
// them at the edges of what the text says. Server and fold must judge each leaf alike.

import { check, done } from "./check.mjs";
import { cases } from "./cases.mjs";
import { linkKeySeed, readLink } from "./content.mjs";
import { sha256, signer, tag } from "./primitives.mjs";
import { Remote } from "./remote.mjs";
import { server } from "./sync.mjs";
import { person } from "./writer.mjs";

const link = readLink(process.argv[2]);
const to = await server(process.argv[3]);
const pinned = sha256(tag("passerelle/server/v1"), to.log_pk, to.resp_pk);
check(pinned.equals(link.parts[0]), "the founder link pins another server");

// Section 9, the statuses that a leaf can get here.
const names = new Map([[12, "STALE_EPOCH"], [13, "LOST_RACE"], [30, "FORMAT"], [32, "VERSION"],
    [34, "NOT_FOUND"], [35, "EXISTS"], [36, "SEQ"], [37, "SEEN"], [39, "USED"], [40, "SEALS"],
    [41, "ORPHAN"], [60, "DENIED"], [81, "SIGNATURE"]]);
const founder = person("founder");
let key = signer(linkKeySeed(link.parts[1]));
for (const [what, run] of Object.entries(cases)) {
    const remote = new Remote(to, names, check);
    remote.what = what;
    try {
        await remote.begin(founder, key);
        await run(remote, founder);
    } catch (error) {
        check(false, what, error.stack);
    }
    key = null;
}
done("server");
