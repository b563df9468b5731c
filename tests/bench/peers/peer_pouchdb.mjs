// SPDX-License-Identifier: Apache-2.0
//
// PouchDB on LevelDB, replicating with express-pouchdb. A change is a document of its own: only so does history stay,
// since replication carries the newest revision of each document alone.

import PouchDB from 'pouchdb-node';

export const about = { name: 'pouchdb', encrypted: false, durable: false };
export const space = () => ({});

export function device(_, folder) {
    const db = new PouchDB(folder);
    let n = 0;
    return {
        async write(changes) {
            const docs = changes.map((c) => ({ _id: `${c.record}-${c.id}-${n++}`, field: c.field, text: c.text }));
            for (let i = 0; i < docs.length; i += 1000) {
                await db.bulkDocs(docs.slice(i, i + 1000));
            }
        },
        async sync(port) {
            const remote = new PouchDB(`http://127.0.0.1:${port}/space`);
            await db.sync(remote, { batch_size: 1000 });
        },
        async state() {
            const all = await db.allDocs({ include_docs: true });
            return all.rows.map((row) => `${row.id} ${row.doc.text}`).sort();
        },
        close: () => db.close(),
    };
}
