// SPDX-License-Identifier: Apache-2.0
//
// Counts checks; done() prints how many held and ends with 1 unless all did.

let held = 0, failed = 0;

export function check(holds, ...what) {
    if (holds) {
        held++;
    } else {
        failed++;
        console.log("FAILED:", ...what);
    }
}

export function equal(a, b, ...what) {
    check(a === b, ...what, "is", a, "and should be", b);
}

export function done(what) {
    console.log(`${what}: ${held} checks held, ${failed} failed`);
    process.exit(failed || !held ? 1 : 0);
}
