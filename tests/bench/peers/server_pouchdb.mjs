// SPDX-License-Identifier: Apache-2.0

import express from 'express';
import expressPouchDb from 'express-pouchdb';
import path from 'node:path';
import process from 'node:process';
import PouchDB from 'pouchdb-node';

const folder = process.argv[2];
const Db = PouchDB.defaults({ prefix: folder + path.sep });
const app = express();
app.use('/', expressPouchDb(Db, { mode: 'minimumForPouchDB', configPath: path.join(folder, 'config.json'), logPath: path.join(folder, 'log.txt') }));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
