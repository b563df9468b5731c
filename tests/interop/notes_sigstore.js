// SPDX-License-Identifier: Apache-2.0
//
// Verifies what emit_notes printed with npm @sigstore/verify: each inclusion proof together with the
// signed note of its size, as they are and with a byte changed.
//
//   node notes_sigstore.js NODE_MODULES LINES
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const [modules, linesFile] = process.argv.slice(2);
const { verifyTLogTimestamp } = require(
  path.join(modules, '@sigstore', 'verify', 'dist', 'timestamp'));

const bytes = (text) => Buffer.from(text, 'base64');
const lines = fs.readFileSync(linesFile, 'utf8').trimEnd().split('\n').map((l) => JSON.parse(l));

const logLine = lines.find((l) => l.type === 'log');
const log = {
  logID: bytes(logLine.key_hash),
  publicKey: crypto.createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: bytes(logLine.public_key).toString('base64url') },
    format: 'jwk',
  }),
  validFor: { start: new Date(0), end: new Date('2100-01-01') },
};
const notes = new Map(
  lines.filter((l) => l.type === 'note').map((l) => [l.size, bytes(l.note).toString('utf8')]));

function entryOf(line) {
  return {
    logId: { keyId: log.logID },
    logIndex: String(line.index),
    integratedTime: '1760000000',
    inclusionPromise: undefined,
    inclusionProof: {
      logIndex: String(line.index),
      treeSize: String(line.size),
      rootHash: bytes(line.root),
      hashes: line.proof.map(bytes),
      checkpoint: { envelope: notes.get(line.size) },
    },
    canonicalizedBody: bytes(line.entry),
  };
}

function verifies(entry) {
  try {
    verifyTLogTimestamp(entry, [log]);
    return true;
  } catch (error) {
    if (error.code !== 'TLOG_INCLUSION_PROOF_ERROR') {
      throw error;
    }
    return false;
  }
}

function fail(text) {
  console.log(text);
  process.exit(1);
}

// Each way to spoil an entry.
const spoilers = {
  entry: (e) => { e.canonicalizedBody[0] ^= 1; },
  root: (e) => { e.inclusionProof.rootHash[31] ^= 1; },
  hash: (e) => {
    const hashes = e.inclusionProof.hashes;
    hashes.length ? (hashes[hashes.length - 1][7] ^= 1) : hashes.push(Buffer.alloc(32));
  },
  missing: (e) => {
    const hashes = e.inclusionProof.hashes;
    hashes.length ? hashes.pop() : hashes.push(Buffer.alloc(32));
  },
  size: (e) => {
    const c = e.inclusionProof.checkpoint;
    c.envelope = c.envelope.replace(/\n(\d+)\n/, (_, n) => `\n${Number(n) + 1}\n`);
  },
  origin: (e) => {
    const c = e.inclusionProof.checkpoint;
    c.envelope = c.envelope.replace(/^log/, 'lag');
  },
  signature: (e) => {
    const c = e.inclusionProof.checkpoint;
    c.envelope = c.envelope.replace(/ (\S{20})(\S)(\S+)\n$/,
      (_, a, b, z) => ` ${a}${b === 'A' ? 'B' : 'A'}${z}\n`);
  },
};

let verified = 0;
let refused = 0;
for (const line of lines.filter((l) => l.type === 'inclusion')) {
  if (!verifies(entryOf(line))) {
    fail(`inclusion of ${line.index} in ${line.size} does not verify`);
  }
  verified++;
  if (line.size % 7 !== 1) {
    continue;
  }
  for (const [name, spoil] of Object.entries(spoilers)) {
    const entry = entryOf(line);
    spoil(entry);
    if (verifies(entry)) {
      fail(`inclusion of ${line.index} in ${line.size} verifies with another ${name}`);
    }
    refused++;
  }
}
console.log(`sigstore verified ${verified} proofs with ${notes.size} notes, refused ${refused}`);
if (verified < 2000 || notes.size < 70 || refused < 1000) {
  fail('that is too few');
}
